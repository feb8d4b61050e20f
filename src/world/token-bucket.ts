import type { VirtualTime } from './virtual-time.ts';

/** A service quota: `perSecond` calls a second after a burst of `burst`, in world time. */
export class TokenBucket {
  readonly #time: VirtualTime;
  readonly #perSecond: number;
  readonly #burst: number;
  #tokens: number;
  #filledAtMs: number;

  constructor(time: VirtualTime, { perSecond, burst }: { perSecond: number; burst: number }) {
    this.#time = time;
    this.#perSecond = perSecond;
    this.#burst = burst;
    this.#tokens = burst;
    this.#filledAtMs = time.now();
  }

  /** False: the call is over the quota and must be refused. */
  take(): boolean {
    const nowMs = this.#time.now();
    const refill = ((nowMs - this.#filledAtMs) / 1000) * this.#perSecond;
    this.#tokens = Math.min(this.#burst, this.#tokens + refill);
    this.#filledAtMs = nowMs;
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }
}
