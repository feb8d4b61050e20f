import type { Decision } from '../core/decision.ts';
import type { Expectation } from './expect-schema.ts';
import { type Difference, differences, factsOf } from './facts.ts';
import { nextDifferences, noticeDifferences, statusDifferences, writeDifferences } from './judge-rest.ts';
import type { Plan } from './plan.ts';
import type { Recording } from './play.ts';

/** What became of one part of an expectation. */
export interface Outcome {
  /** Place of the expectation in the test. */
  readonly index: number;
  readonly part: 'decision' | 'never' | 'writes' | 'notifications' | 'next' | 'status';
  readonly atMs: number;
  readonly differences: readonly Difference[];
  /** The decision that was compared, or that should not have been. */
  readonly decision?: Decision;
  /** The step of the comparison, for what was remembered then. */
  readonly step: number;
}

/** Compares a recording with what a test expects of it: one outcome for each part of each expectation, in order. */
export function judge(plan: Plan, recording: Recording): readonly Outcome[] {
  return plan.expect.flatMap((expectation, index) => {
    const seen = new Seen(plan, recording, expectation);
    const base = { index, atMs: expectation.at ?? expectation.from ?? 0, step: seen.lastStep };
    const outcomes: Outcome[] = [];
    const { decision, never, writes, notifications, next, status } = expectation;
    if (decision) {
      const closest = closestTo(decision, seen.decisionsAt());
      outcomes.push({ ...base, part: 'decision', ...closest });
    }
    if (never) outcomes.push(...neverOutcomes(never, seen, { base, startMs: plan.startMs }));
    if (writes)
      outcomes.push({ ...base, part: 'writes', differences: writeDifferences(writes, seen.calls()) });
    if (notifications)
      outcomes.push({
        ...base,
        part: 'notifications',
        differences: noticeDifferences(notifications, seen.told()),
      });
    if (next) outcomes.push({ ...base, part: 'next', differences: nextDifferences(next, seen.snapshots()) });
    if (status)
      outcomes.push({ ...base, part: 'status', differences: statusDifferences(status, seen.snapshots()) });
    return outcomes;
  });
}

/** What an expectation may look at: its step or its span, and its job. */
class Seen {
  readonly lastStep: number;
  readonly #plan: Plan;
  readonly #recording: Recording;
  readonly #expectation: Expectation;

  constructor(plan: Plan, recording: Recording, expectation: Expectation) {
    this.#plan = plan;
    this.#recording = recording;
    this.#expectation = expectation;
    this.lastStep = (expectation.at ?? expectation.to ?? 0) / plan.stepMs;
  }

  /** Of the step, else the last one before it; of each job where none is named. */
  decisionsAt(): readonly Decision[] {
    const { startMs } = this.#plan;
    const fromMs = startMs + (this.#expectation.at ?? 0);
    return this.#jobs().flatMap((job) => this.#standing(job, fromMs, this.#untilMs()));
  }

  /** Made in the span, and the one that stood when it began. */
  decisionsOver(): readonly Decision[] {
    const { from = this.#expectation.at ?? 0 } = this.#expectation;
    const fromMs = this.#plan.startMs + from;
    return this.#jobs().flatMap((job) => {
      const before = this.#of(job).findLast(({ atMs }) => atMs < fromMs);
      const inside = this.#of(job).filter(({ atMs }) => atMs >= fromMs && atMs < this.#untilMs());
      return [...(before ? [before] : []), ...inside];
    });
  }

  calls(): Recording['calls'] {
    return this.#recording.calls.filter(({ atMs }) => this.#isInside(atMs));
  }

  told(): Recording['told'] {
    return this.#recording.told.filter(
      ({ atMs, notice }) =>
        this.#isInside(atMs) && (this.#expectation.job === undefined || notice.job === this.#expectation.job),
    );
  }

  snapshots() {
    const all = this.#recording.snapshots.get(this.lastStep);
    return this.#jobs().flatMap((job) => all?.get(job) ?? []);
  }

  #jobs(): readonly string[] {
    const { job } = this.#expectation;
    return job === undefined ? Object.keys(this.#plan.policy.jobs) : [job];
  }

  #of(job: string): readonly Decision[] {
    return this.#recording.decisions.filter((decision) => decision.job === job);
  }

  #standing(job: string, fromMs: number, untilMs: number): readonly Decision[] {
    const made = this.#of(job).filter(({ atMs }) => atMs < untilMs);
    const inside = made.filter(({ atMs }) => atMs >= fromMs);
    return inside.length > 0 ? inside : made.slice(-1);
  }

  /** From the start, unless the expectation says from when. */
  #isInside(atMs: number): boolean {
    const { from = 0 } = this.#expectation;
    return atMs >= this.#plan.startMs + from && atMs < this.#untilMs();
  }

  #untilMs(): number {
    return this.#plan.startMs + (this.lastStep + 1) * this.#plan.stepMs;
  }
}

/** The decision that differs least; of those one that did something, which says more than the rest that followed. */
function closestTo(
  expected: NonNullable<Expectation['decision']>,
  candidates: readonly Decision[],
): Pick<Outcome, 'differences' | 'decision'> {
  let best: { decision: Decision; differences: readonly Difference[] } | undefined;
  for (const decision of candidates) {
    const found = differences(expected, decision);
    const isCloser = best === undefined || found.length < best.differences.length;
    const saysMore = found.length === best?.differences.length && best.decision.kind === 'nothing';
    if (isCloser || saysMore) best = { decision, differences: found };
  }
  return best ?? { differences: [{ field: 'decision', expected: 'one', actual: 'none was made' }] };
}

function neverOutcomes(
  never: NonNullable<Expectation['never']>,
  seen: Seen,
  { base, startMs }: { base: Pick<Outcome, 'index' | 'atMs' | 'step'>; startMs: number },
): readonly Outcome[] {
  const breach = seen.decisionsOver().find((decision) => differences(never, decision).length === 0);
  if (!breach) return [{ ...base, part: 'never', differences: [] }];
  const facts = factsOf(breach);
  const actual = Object.keys(never)
    .map((field) => `${field} ${facts[field as keyof typeof facts] ?? ''}`)
    .join(', ');
  return [
    {
      ...base,
      atMs: Math.max(base.atMs, breach.atMs - startMs),
      part: 'never',
      differences: [{ field: 'never', expected: 'no such decision', actual }],
      decision: breach,
    },
  ];
}
