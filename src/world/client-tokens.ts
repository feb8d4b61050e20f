import { isDeepStrictEqual } from 'node:util';
import { ServiceError, type StartJobRunRequest } from './emr-types.ts';
import type { VirtualTime } from './virtual-time.ts';

interface Remembered {
  request: StartJobRunRequest;
  jobRunId: string;
  forgottenAtMs: number;
}

/** The service's memory of client tokens; how long it remembers is not documented, so the world draws it. */
export class ClientTokens {
  readonly #time: VirtualTime;
  readonly #memoryMs: number;
  readonly #remembered = new Map<string, Remembered>();

  constructor(time: VirtualTime, memoryMs: number) {
    this.#time = time;
    this.#memoryMs = memoryMs;
  }

  /**
   * The run that this token started, even if that run has ended; undefined if the token is new or forgotten.
   * Throws ConflictException if it was used with other parameters.
   */
  replay(request: StartJobRunRequest): string | undefined {
    const known = this.#remembered.get(request.clientToken);
    if (known === undefined || known.forgottenAtMs <= this.#time.now()) return undefined;
    if (isDeepStrictEqual(known.request, request)) return known.jobRunId;
    throw new ServiceError(
      'ConflictException',
      409,
      `The client token ${request.clientToken} was used with other parameters`,
    );
  }

  remember(request: StartJobRunRequest, jobRunId: string): void {
    const forgottenAtMs = this.#time.now() + this.#memoryMs;
    this.#remembered.set(request.clientToken, { request, jobRunId, forgottenAtMs });
  }
}
