import type { Answer } from './ports.ts';

interface Window {
  readonly fromMs: number;
  readonly toMs: number;
}

/** The streams that jobs read, by their metrics; what happened in the last minutes may be missing. */
export interface Streams {
  /** Records that a Kinesis stream took between two times. */
  received(stream: string, window: Window): Promise<Answer<number>>;
  /** When the first minute began in which it took any; undefined when it took none. */
  firstInput(stream: string, window: Window): Promise<Answer<number | undefined>>;
  /**
   * The greatest age of a record when it was read, in milliseconds; undefined when nobody read. Readers that poll
   * cannot be told from each other, so it is never less than that of ours.
   */
  readAge(
    reader: { readonly stream: string; readonly consumer?: string },
    window: Window,
  ): Promise<Answer<number | undefined>>;
}

export interface StreamRetention {
  readonly retentionMs: number;
  /** An answer of some minutes ago will do. */
  readonly readAtMs: number;
  readonly openShards?: number;
  readonly isOnDemand: boolean;
}

/** How long Kinesis streams keep their records. */
export interface Retentions {
  of(stream: string, options?: { readonly fresh?: boolean }): Promise<Answer<StreamRetention>>;
  /** Never makes it shorter: Kinesis refuses what is not more than it has. */
  extend(stream: string, toHours: number, terms: ExtendTerms): Promise<ExtendAnswer>;
}

export interface ExtendTerms {
  /** As for a start: no attempt leaves with a younger signature. */
  readonly notAfterMs: number;
}

export type ExtendAnswer =
  | { readonly kind: 'accepted' }
  | { readonly kind: 'not-now'; readonly message: string }
  | { readonly kind: 'refused'; readonly code: string; readonly message: string }
  | { readonly kind: 'too-late' }
  | { readonly kind: 'ambiguous'; readonly message: string };
