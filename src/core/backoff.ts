import type { Backoff } from './job.ts';

/**
 * Full jitter (AWS Architecture Blog, "Exponential Backoff And Jitter"): uniform in 0..cap with
 * cap = min(max, initial × factor^step). `random` is in [0, 1); step 0 is the first try.
 */
export function backoffMs(backoff: Backoff, step: number, random: number): number {
  const capMs = Math.min(backoff.maxMs, backoff.initialMs * backoff.factor ** Math.min(step, 64));
  return Math.floor(random * capMs);
}
