import type { Random } from '../random.ts';

export const minuteMs = 60_000;
export const hourMs = 60 * minuteMs;
/** Every schedule begins at the same moment, so that two seeds can be read side by side. */
export const startMs = Date.parse('2026-11-22T20:00:00Z');

/** What a person does at a moment. `job` is the name of the job's runs. */
export type Deed = { readonly atMs: number } & (
  | { readonly kind: 'start'; readonly job: string; readonly isClone: boolean }
  | { readonly kind: 'cancel'; readonly job: string; readonly startsAgainAfterMs?: number }
  | { readonly kind: 'kill-switch'; readonly forMs: number }
  | { readonly kind: 'pause'; readonly forMs: number }
  | { readonly kind: 'pause-job'; readonly job: string; readonly forMs: number }
  | {
      readonly kind: 'mode';
      readonly job: string;
      readonly mode: 'observe' | 'suggest';
      readonly forMs: number;
    }
  /** Yes or no to the plan that the job asks about at that moment, if it does. */
  | { readonly kind: 'answer'; readonly job: string; readonly answer: 'approved' | 'declined' }
  | { readonly kind: 'raise-budget'; readonly job: string }
  /** On the command line. A stop may be taken back later, by an order again. */
  | { readonly kind: 'order-stop'; readonly job: string; readonly startsAgainAfterMs?: number }
  | { readonly kind: 'order-start'; readonly job: string; readonly override: boolean }
  /** With or without saying so in the policy: without, two records are on one checkpoint. */
  | { readonly kind: 'rename'; readonly job: string; readonly isSaid: boolean }
);

/** Who does what and when. Each kind has draws of its own, so that a new one leaves the schedules of before as they were. */
export function drawDeeds(random: Random, jobs: readonly string[], faultyMs: number): readonly Deed[] {
  return [
    ...drawMixed(random, jobs, faultyMs),
    ...drawJobPauses(random.fork('job-pauses'), jobs, faultyMs),
    ...drawAsking(random.fork('asking'), jobs, faultyMs),
    ...drawOrders(random.fork('orders'), jobs, faultyMs),
  ];
}

function drawMixed(random: Random, jobs: readonly string[], faultyMs: number): readonly Deed[] {
  const deeds: Deed[] = [];
  const some = (most: number, make: (atMs: number, job: string) => Deed): void => {
    const count = Math.floor(random.between(0, most + 1));
    for (let made = 0; made < count; made += 1) {
      const atMs = startMs + Math.round(random.between(10 * minuteMs, faultyMs - 30 * minuteMs));
      deeds.push(make(atMs, random.pick(jobs)));
    }
  };
  const minutes = (low: number, high: number): number => Math.round(random.between(low, high) * minuteMs);
  some(3, (atMs, job) => ({ kind: 'start', atMs, job, isClone: random.chance(0.5) }));
  some(3, (atMs, job) => {
    const again = random.chance(0.7) ? { startsAgainAfterMs: minutes(1, 60) } : {};
    return { kind: 'cancel', atMs, job, ...again };
  });
  some(2, (atMs) => ({ kind: 'kill-switch', atMs, forMs: minutes(1, 25) }));
  some(1, (atMs) => ({ kind: 'pause', atMs, forMs: minutes(1, 25) }));
  some(2, (atMs, job) => {
    const mode = random.pick(['observe', 'suggest'] as const);
    return { kind: 'mode', atMs, job, mode, forMs: minutes(5, 60) };
  });
  some(1, (atMs, job) => ({ kind: 'raise-budget', atMs, job }));
  if (random.chance(0.4)) some(1, (atMs, job) => ({ kind: 'rename', atMs, job, isSaid: random.chance(0.5) }));
  return deeds.sort((a, b) => a.atMs - b.atMs);
}

function drawJobPauses(random: Random, jobs: readonly string[], faultyMs: number): readonly Deed[] {
  return Array.from({ length: Math.floor(random.between(0, 4)) }, () => ({
    kind: 'pause-job' as const,
    atMs: startMs + Math.round(random.between(10 * minuteMs, faultyMs - 30 * minuteMs)),
    job: random.pick(jobs),
    forMs: Math.round(random.between(5, 60) * minuteMs),
  }));
}

/** Orders to stop and to start, of which the job that dies always gets most: it is parked or waits, and people lose patience. */
function drawOrders(random: Random, jobs: readonly string[], faultyMs: number): readonly Deed[] {
  return Array.from({ length: Math.floor(random.between(0, 5)) }, (): Deed => {
    const atMs = startMs + Math.round(random.between(10 * minuteMs, faultyMs - 30 * minuteMs));
    const job = random.chance(0.4) ? (jobs[0] ?? '') : random.pick(jobs);
    if (random.chance(0.5)) return { kind: 'order-start', atMs, job, override: random.chance(0.7) };
    const startsAgainAfterMs = Math.round(random.between(0.2, 60) * minuteMs);
    return { kind: 'order-stop', atMs, job, ...(random.chance(0.7) ? { startsAgainAfterMs } : {}) };
  });
}

/** Times in which a job asks before it acts, and answers that come every few minutes; the job that dies always asks most. */
function drawAsking(random: Random, jobs: readonly string[], faultyMs: number): readonly Deed[] {
  return Array.from({ length: Math.floor(random.between(0, 4)) }).flatMap(() => {
    const job = random.chance(0.5) ? (jobs[0] ?? '') : random.pick(jobs);
    const atMs = startMs + Math.round(random.between(10 * minuteMs, faultyMs - 2 * hourMs));
    const forMs = Math.round(random.between(30, 100) * minuteMs);
    const deeds: Deed[] = [{ kind: 'mode', atMs, job, mode: 'suggest', forMs }];
    let answerAtMs = atMs;
    while (answerAtMs < atMs + forMs) {
      answerAtMs += Math.round(random.between(2, 15) * minuteMs);
      const answer = random.chance(0.75) ? 'approved' : 'declined';
      deeds.push({ kind: 'answer', atMs: answerAtMs, job, answer });
    }
    return deeds;
  });
}
