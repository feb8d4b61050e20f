import { type Caller, ServiceError } from './emr-types.ts';
import type { WorldParameters } from './parameters.ts';
import { TokenBucket } from './token-bucket.ts';
import type { VirtualTime } from './virtual-time.ts';

export type Operation =
  | 'StartJobRun'
  | 'CancelJobRun'
  | 'GetJobRun'
  | 'ListJobRuns'
  | 'ListJobRunAttempts'
  | 'GetApplication'
  | 'ListApplications';

/** What comes before every operation: the request must be signed in time and inside the account's quota. */
export class Quotas {
  readonly #time: VirtualTime;
  readonly #parameters: WorldParameters;
  readonly #buckets: Record<Operation, TokenBucket>;

  constructor(time: VirtualTime, parameters: WorldParameters) {
    const bucket = (perSecond: number, burst: number): TokenBucket =>
      new TokenBucket(time, { perSecond, burst });
    const { getsPerSecond, getsBurst } = parameters;
    this.#time = time;
    this.#parameters = parameters;
    this.#buckets = {
      StartJobRun: bucket(parameters.startsPerSecond, parameters.startsBurst),
      CancelJobRun: bucket(parameters.cancelsPerSecond, parameters.cancelsBurst),
      GetJobRun: bucket(getsPerSecond, getsBurst),
      ListJobRuns: bucket(parameters.listsPerSecond, parameters.listsBurst),
      // Its quota is not documented; we take that of GetJobRun.
      ListJobRunAttempts: bucket(getsPerSecond, getsBurst),
      GetApplication: bucket(getsPerSecond, getsBurst),
      ListApplications: bucket(getsPerSecond, getsBurst),
    };
  }

  /** Throws InvalidSignatureException (403) or ThrottlingException (400). */
  check(operation: Operation, { signedAtMs }: Caller): void {
    const nowMs = this.#time.now();
    const validMs = this.#parameters.signatureValiditySeconds * 1000;
    if (signedAtMs !== undefined && nowMs - signedAtMs > validMs) {
      const [signed, oldest, now] = [signedAtMs, nowMs - validMs, nowMs].map(amzDate);
      throw new ServiceError(
        'InvalidSignatureException',
        403,
        `Signature expired: ${signed} is now earlier than ${oldest} (${now} - ${validMs / 60_000} min.)`,
      );
    }
    if (!this.#buckets[operation].take()) throw new ServiceError('ThrottlingException', 400, 'Rate exceeded');
  }
}

/** 20261122T201352Z */
function amzDate(timeMs: number): string {
  return new Date(timeMs).toISOString().replace(/[-:]|\.\d+/g, '');
}
