import type { Diagnostic } from '../policy/diagnostics.ts';

/** A fault with its path in the file. */
export interface Fault extends Pick<Diagnostic, 'code' | 'message' | 'hint'> {
  readonly path: CasePath;
  readonly on?: 'key' | 'value';
  readonly severity?: Diagnostic['severity'];
  /** Characters into the text at the path. */
  readonly offset?: number;
}

export type CasePath = readonly (string | number)[];

/** One of `tests` as YAML gives it: anything may be wrong in it. */
export type WrittenTest = Readonly<Record<string, unknown>>;

/** Part of the format, and nothing in this version hangs on it: told, because a test may seem to prove something by it. */
export function noEffect(path: CasePath): Fault {
  return {
    code: 'CP2304',
    severity: 'warning',
    path,
    on: 'key',
    message: `nothing in this version reads ${String(path.at(-1))}`,
    hint: 'it changes nothing here; leave it out, or keep it for a later version',
  };
}

/** A key that nobody knows may be what seems to be missing. */
export function hasUnknown(written: object, shape: Readonly<Record<string, unknown>>): boolean {
  return Object.keys(written).some((key) => !Object.hasOwn(shape, key));
}
