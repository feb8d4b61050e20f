import type { Wake } from './ports.ts';

/** Each wake makes a pass and each pass a GetJobRun, of which the service takes ten a second, burst 50. */
const atOnce = 20;
const perSecond = 5;
/** The next sweep comes after a minute. */
const delaySecondsMax = 50;

/**
 * Wakes of one sweep with their delays: a crowd that asks at once is throttled, asks again, and holds up the few whose
 * turn it is. `before` wakes were sent by this sweep already.
 */
export function spread(
  wakes: readonly Wake[],
  before = 0,
): readonly { readonly wake: Wake; readonly delaySeconds: number }[] {
  return wakes.map((wake, index) => {
    const delaySeconds = Math.max(0, Math.floor((before + index - atOnce) / perSecond));
    // Of a larger crowd all of the rest shares the minute.
    return { wake, delaySeconds: delaySeconds <= delaySecondsMax ? delaySeconds : index % delaySecondsMax };
  });
}
