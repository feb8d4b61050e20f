import type { Diagnostic } from './diagnostics.ts';
import { place } from './merge.ts';
import { isPlain, type Plain } from './plain.ts';
import { policyFileSchema } from './schema.ts';
import { fileStart, type Source } from './source.ts';

/**
 * The source as a file that cannot be read, with that as its one fault, if it is something else than a policy: judged
 * key by key, it would have one fault for each of its lines. A secret in it is told all the same.
 */
export function orOtherKind(source: Source): Source {
  const fault = source.isBroken ? undefined : otherKind(source);
  if (!fault) return source;
  const secrets = source.faults.filter(({ code }) => code === 'CP3001');
  return { ...source, value: undefined, isBroken: true, faults: [...secrets, fault] };
}

function otherKind(source: Source): Diagnostic | undefined {
  const { value } = source;
  // Nothing at all is a policy that somebody begins to write.
  if (value === undefined || value === null) return undefined;
  if (!isPlain(value)) return foreign(source, `it is ${Array.isArray(value) ? 'a list' : 'a text'}`);
  if (value.kind === 'PolicyTest') {
    const at = place(source, ['kind'], 'value');
    const message = 'the file is one of policy tests';
    return {
      ...at,
      severity: 'error',
      code: 'CP1004',
      path: 'kind',
      message,
      hint: 'run it: checkpilot test FILE',
    };
  }
  return isForeign(value) ? foreign(source, `its keys are ${listed(Object.keys(value))}`) : undefined;
}

/** Others have an apiVersion, a kind, metadata or jobs too, so that one of these alone makes no policy. */
function isForeign(value: Plain): boolean {
  const { apiVersion, kind: _, metadata: __, ...sections } = value;
  if (typeof apiVersion === 'string' && apiVersion.startsWith('checkpilot')) return false;
  const keys = Object.keys(sections);
  const known = keys.filter((key) => Object.hasOwn(policyFileSchema.shape, key)).length;
  return keys.length - known > known || (apiVersion !== undefined && known === 0);
}

function foreign({ path: file }: Source, why: string): Diagnostic {
  const message = `the file does not look like a policy: ${why}`;
  const hint = 'a policy begins with apiVersion: checkpilot/v1 and kind: Policy, and has metadata and jobs';
  return { ...fileStart(file), severity: 'error', code: 'CP1002', path: '', message, hint };
}

const keysShownMax = 4;

function listed(keys: readonly string[]): string {
  const shown = keys.slice(0, keysShownMax).map((key) => (key.length > 40 ? `${key.slice(0, 40)}…` : key));
  return `${shown.join(', ')}${keys.length > keysShownMax ? ', …' : ''}`;
}
