import type { Rule, SafetyRule } from '../rule.ts';
import { drift } from './drift.ts';
import { futile } from './futile.ts';
import { identity } from './identity.ts';
import { launch } from './launch.ts';
import { loss } from './loss.ts';
import { recover } from './recover.ts';
import { retention } from './retention.ts';
import { seam } from './seam.ts';
import { stall } from './stall.ts';
import { steady } from './steady.ts';
import { stop } from './stop.ts';
import { unsearched } from './unsearched.ts';

/** The run lane, in order: at most one wish about the run, the first rule that applies wins. */
export const runLane: readonly Rule[] = [identity, stop, launch, seam, recover, futile, stall, steady];

/** The safety lane: every rule is always asked. */
export const safetyLane: readonly SafetyRule[] = [drift, retention, loss, unsearched];
