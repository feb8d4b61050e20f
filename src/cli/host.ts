import type { AwsClientOptions } from '../aws/clients.ts';
import type { Clock } from '../control/ports.ts';
import type { Problem } from './problems.ts';

/** What a command has of the machine it runs on. Tests hand in their own. */
export interface Host {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Relative paths start here. */
  readonly cwd: string;
  /** Whether a person looks at stdout: colour is for them alone. */
  readonly isTty: boolean;
  /** The machine's own stdin when left out. */
  readonly in?: AsyncIterable<Uint8Array | string>;
  /** Data. */
  out(text: string): void;
  /** Progress and errors. */
  err(text: string): void;
  /** What went wrong, for the JSON of a program that asked for it. */
  readonly problem?: (problem: Problem) => void;
  /** A yes-or-no question; undefined where no person can answer. */
  confirm(question: string): Promise<boolean | undefined>;
  /** The machine's own clock when left out; the local stack has another. */
  readonly clock?: Clock;
  /** What the SDK finds by itself when left out. */
  readonly aws?: Pick<AwsClientOptions, 'credentials' | 'retries'>;
}

/** One meaning for all commands; scripts rely on them. */
export const exitCodes = {
  fine: 0,
  /** Could not finish: AWS, network, a file that cannot be read, a bug. */
  failed: 1,
  /** `status --check`: some job needs a person. */
  needsHuman: 2,
  policyInvalid: 3,
  /** `test`: a policy does not do what a test expects of it. */
  testsFailed: 4,
  /** By a guardrail, by somebody else's newer change, or for want of a yes. */
  refused: 5,
  usage: 64,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** Where a command reports how it ended. */
export interface Verbs {
  readonly host: Host;
  /** Runs a verb and keeps its exit code. */
  run(verb: () => Promise<ExitCode> | ExitCode): Promise<void>;
}

/** JSON for machines: one document, with a newline at its end. */
export function outJson(host: Host, document: unknown): void {
  host.out(`${JSON.stringify(document, undefined, 2)}\n`);
}
