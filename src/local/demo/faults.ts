import type { World } from '../../world/world.ts';
import type { Fault } from '../http-server.ts';

export interface InjectedFaults {
  readonly doubledEvents: number;
  readonly lostEvents: number;
  readonly lostAnswers: number;
  readonly throttledCalls: number;
}

export interface FaultInjector {
  /** Asked for every API call. */
  readonly fault: (call: { operation: string }) => Fault | undefined;
  readonly watch: (world: World, tell: (job: string, text: string) => void) => void;
  readonly count: () => InjectedFaults;
}

/** Whose event of its end is lost, whose StartJobRun goes unanswered, and whose calls are throttled. */
const losesEvent = 'iot-ingest';
const losesAnswer = 'orders-join';
const isThrottled = 'sessions';
const throttledStarts = 2;

/**
 * Faults around Checkpilot itself: every third event comes twice, one is lost, one answer to StartJobRun is lost, and
 * StartJobRun is throttled twice.
 */
export function faultInjector(): FaultInjector {
  const counts = { doubledEvents: 0, lostEvents: 0, lostAnswers: 0, throttledCalls: 0 };
  let events = 0;
  let isAnswerDue = false;
  let throttlesDue = 0;
  let tell: (job: string, text: string) => void = () => {};
  return {
    watch: (world, listener) => {
      tell = listener;
      world.journal.onEntry(({ kind, job, state }) => {
        if (kind !== 'run-state' || state !== 'FAILED') return;
        if (job === losesAnswer) isAnswerDue = true;
        if (job === isThrottled) throttlesDue = throttledStarts;
      });
      world.emr.eventFate = (event) => {
        events += 1;
        const { jobRunId, state } = event.detail;
        const run = world.journal.entries.findLast((entry) => entry.jobRunId === jobRunId);
        if (state === 'CANCELLED' && run?.job === losesEvent) {
          counts.lostEvents += 1;
          tell(losesEvent, 'the event that says so is lost');
          return 'lose';
        }
        if (events % 3 !== 0) return 'deliver';
        counts.doubledEvents += 1;
        return 'double';
      };
    },
    fault: ({ operation }) => {
      if (operation !== 'StartJobRun') return undefined;
      if (throttlesDue > 0) {
        throttlesDue -= 1;
        counts.throttledCalls += 1;
        tell(isThrottled, 'StartJobRun is throttled: too many requests');
        return { kind: 'throttle' };
      }
      if (!isAnswerDue) return undefined;
      isAnswerDue = false;
      counts.lostAnswers += 1;
      tell(losesAnswer, 'the answer to StartJobRun is lost on its way');
      return { kind: 'reset-after' };
    },
    count: () => counts,
  };
}
