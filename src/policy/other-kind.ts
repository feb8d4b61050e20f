import type * as z from 'zod';
import type { Diagnostic } from './diagnostics.ts';
import { place } from './merge.ts';
import { isPlain, type Plain } from './plain.ts';
import { policyFileSchema } from './schema.ts';
import { fileStart, type Source } from './source.ts';

/** A kind of file of ours, and what a file of another kind is told. */
export interface FileKind {
  /** `a policy` */
  readonly noun: string;
  readonly schema: z.ZodObject;
  /** How such a file begins. */
  readonly hint: string;
  /** Our other kinds, by the word under `kind`. */
  readonly others: Readonly<Record<string, { readonly message: string; readonly hint: string }>>;
}

export const policyKind: FileKind = {
  noun: 'a policy',
  schema: policyFileSchema,
  hint: 'a policy begins with apiVersion: checkpilot/v1 and kind: Policy, and has metadata and jobs',
  others: {
    PolicyTest: { message: 'the file is one of policy tests', hint: 'run it: checkpilot test FILE' },
  },
};

/**
 * The source as a file that cannot be read, with that as its one fault, if it is something else than what was asked for:
 * judged key by key, it would have one fault for each of its lines. A secret in it is told all the same.
 */
export function orOtherKind(source: Source, wanted: FileKind): Source {
  const fault = source.isBroken ? undefined : otherKind(source, wanted);
  if (!fault) return source;
  const secrets = source.faults.filter(({ code }) => code === 'CP3001');
  return { ...source, value: undefined, isBroken: true, faults: [...secrets, fault] };
}

function otherKind(source: Source, wanted: FileKind): Diagnostic | undefined {
  const { value } = source;
  // Nothing at all is a file that somebody begins to write.
  if (value === undefined || value === null) return undefined;
  if (!isPlain(value)) return foreign(source, wanted, `it is ${Array.isArray(value) ? 'a list' : 'a text'}`);
  const { kind } = value;
  const ours = typeof kind === 'string' && Object.hasOwn(wanted.others, kind) && wanted.others[kind];
  const { known, strange } = sectionsOf(value, wanted);
  // With the sections that were asked for only the kind is wrong, and is told as that.
  if (ours && known <= strange) {
    const at = place(source, ['kind'], 'value');
    return { ...at, severity: 'error', code: 'CP1004', path: 'kind', ...ours };
  }
  return isForeign(value, wanted)
    ? foreign(source, wanted, `its keys are ${listed(Object.keys(value))}`)
    : undefined;
}

/** Others have an apiVersion, a kind, metadata or jobs too, so that one of these alone makes none of ours. */
function isForeign(value: Plain, wanted: FileKind): boolean {
  const { apiVersion } = value;
  if (typeof apiVersion === 'string' && apiVersion.startsWith('checkpilot')) return false;
  const { known, strange } = sectionsOf(value, wanted);
  return strange > known || (apiVersion !== undefined && known === 0);
}

function sectionsOf(
  value: Plain,
  { schema }: FileKind,
): { readonly known: number; readonly strange: number } {
  const { apiVersion: _, kind: __, metadata: ___, ...sections } = value;
  const keys = Object.keys(sections);
  const known = keys.filter((key) => Object.hasOwn(schema.shape, key)).length;
  return { known, strange: keys.length - known };
}

function foreign({ path: file }: Source, { noun, hint }: FileKind, why: string): Diagnostic {
  const message = `the file does not look like ${noun}: ${why}`;
  return { ...fileStart(file), severity: 'error', code: 'CP1002', path: '', message, hint };
}

const keysShownMax = 4;

function listed(keys: readonly string[]): string {
  const shown = keys.slice(0, keysShownMax).map((key) => (key.length > 40 ? `${key.slice(0, 40)}…` : key));
  return `${shown.join(', ')}${keys.length > keysShownMax ? ', …' : ''}`;
}
