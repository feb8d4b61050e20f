/** Token bucket for StartJobRun (service quota: 1 a second, burst 25, per account and Region). */
export interface TokenBucket {
  readonly tokens: number;
  readonly atMs: number;
}

export interface Pace {
  readonly perSecond: number;
  readonly burst: number;
}

/** The bucket as of `nowMs`. A clock that went back gives nothing. */
export function refill(bucket: TokenBucket, pace: Pace, nowMs: number): TokenBucket {
  const elapsedMs = Math.max(0, nowMs - bucket.atMs);
  return {
    tokens: Math.min(pace.burst, bucket.tokens + (elapsedMs / 1000) * pace.perSecond),
    atMs: Math.max(nowMs, bucket.atMs),
  };
}

/** Milliseconds until so many tokens are there. */
export function waitForTokenMs(bucket: TokenBucket, pace: Pace, wanted = 1): number {
  return Math.ceil((Math.max(0, Math.min(wanted, pace.burst) - bucket.tokens) / pace.perSecond) * 1000);
}
