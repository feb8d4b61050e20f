import type { FailureRule } from './rule.ts';
import { checkpointRules } from './rules-checkpoint.ts';
import { codeRules } from './rules-code.ts';
import { familyRules } from './rules-families.ts';
import { resourceRules } from './rules-resources.ts';
import { setupRules } from './rules-setup.ts';
import { sourceRules } from './rules-source.ts';
import { suspicionRules } from './rules-suspicion.ts';
import { transientRules } from './rules-transient.ts';

/** All failure rules, most dangerous themes first. Inside one class the earlier rule names the judgement. */
export const failureRules: readonly FailureRule[] = [
  ...sourceRules,
  ...checkpointRules,
  ...setupRules,
  ...codeRules,
  ...resourceRules,
  ...transientRules,
  ...familyRules,
  ...suspicionRules,
];
