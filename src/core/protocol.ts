/**
 * Constants of the start protocol (docs/protocol.md). They are safety bounds, not settings: shortening one
 * without measuring the service again can put two writers on one checkpoint.
 */

/** D: a claimed start is only sent while its request is signed at most this long after the decision. */
export const startDeadlineMs = 120_000;

/** S: AWS refuses a request whose `x-amz-date` is older; 5 min "in most cases", 15 min at worst. */
export const signatureValidityMs = 15 * 60_000;

/** L: a run appears in ListJobRuns at most this long after it was accepted. */
export const listLagMs = 120_000;

/** Our clock and AWS's may differ by this much before Checkpilot only observes. */
export const clockBoundMs = 5_000;

/**
 * Two of our own clocks may differ by this much while both are within the bound: one before the database's, one
 * behind it, and its Date has whole seconds. Budget windows that one clock stamps and another reads are wider by it.
 */
export const clocksApartMs = 2 * clockBoundMs + 1_000;

/** A claim wakes its job after this long, so that a lost message never strands it. */
export const claimWakeMs = 20_000;

/** How long a grant of the release function may be used; as long as the start it allows may be sent. */
export const grantLifeMs = startDeadlineMs;

/** A job has at most this many checkpoint locations (several queries in one job run). */
export const checkpointsMax = 8;

/** From when a claim that was not seen to start is known never to start (protocol, step 8b). */
export function neverStartsAfterMs(notAfterMs: number): number {
  return notAfterMs + signatureValidityMs + listLagMs;
}
