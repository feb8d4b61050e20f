import type { ResolvedPolicy } from '../core/job.ts';
import type { SourceText } from '../policy/diagnostics.ts';
import type { Place } from '../policy/source.ts';
import type { Difference } from './facts.ts';
import { judge, type Outcome } from './judge.ts';
import { placeIn, type ReadTests } from './load.ts';
import { type Plan, planOf } from './plan.ts';
import { play, type Recording } from './play.ts';
import { whyOf } from './why.ts';

export interface TestResult {
  readonly name: string;
  readonly place: Place;
  readonly ok: boolean;
  /** Steps that were played. */
  readonly steps: number;
  readonly failures: readonly Failure[];
  readonly outcomes: readonly Outcome[];
}

/** One part of an expectation that did not come true, or an event that could not happen. */
export interface Failure {
  readonly place: Place;
  /** From the start of the test; undefined of what has no time. */
  readonly atMs?: number;
  readonly differences: readonly Difference[];
  readonly why: readonly string[];
}

export interface Suite {
  readonly read: ReadTests;
  readonly policy: ResolvedPolicy;
  /** The policy's own files, for the lines that a decision rests on. */
  readonly files: readonly SourceText[];
}

/** Plays one test of a file without faults, and says what did not come as expected. */
export async function runTest(suite: Suite, index: number): Promise<TestResult> {
  const { read, policy, files } = suite;
  const { document } = read;
  const test = document?.tests[index];
  if (!document || !test) throw new Error(`${read.source.path} has no test ${index}`);
  const plan = planOf(document, test, policy);
  const place = placeIn(read, ['tests', index, 'name']);
  try {
    const recording = await play(plan);
    const outcomes = judge(plan, recording);
    const failures = [
      ...troubles(recording, place),
      ...misjudged(plan, recording, place),
      ...outcomes.flatMap((outcome) => failureOf(outcome, { plan, recording, files, read, index })),
    ];
    return {
      name: test.name,
      place,
      ok: failures.length === 0,
      steps: recording.steps,
      failures,
      outcomes,
    };
  } catch (error) {
    // What the product throws is a broken promise of it, or a call that no test foresees: either fails this test only.
    const actual = error instanceof Error ? error.message : String(error);
    const failure = {
      place,
      differences: [{ field: 'the test', expected: 'can be played', actual }],
      why: [],
    };
    return { name: test.name, place, ok: false, steps: plan.steps, failures: [failure], outcomes: [] };
  }
}

function failureOf(
  outcome: Outcome,
  context: {
    plan: Plan;
    recording: Recording;
    files: readonly SourceText[];
    read: ReadTests;
    index: number;
  },
): readonly Failure[] {
  const { differences, atMs, index: at, part } = outcome;
  if (differences.length === 0) return [];
  const place = placeIn(context.read, ['tests', context.index, 'expect', at, part]);
  return [{ place, atMs, differences, why: whyOf(outcome, context) }];
}

/** An event that could not happen leaves a world that nobody described. */
function troubles({ troubles: all }: Recording, place: Place): readonly Failure[] {
  return all.map((actual) => ({
    place,
    differences: [{ field: 'event', expected: 'happens', actual }],
    why: [],
  }));
}

/** What the checkpoint or a standstill says is no matter of the failure's text. */
function isByText({ rule }: { readonly rule: string }): boolean {
  return !['checkpoint-went-back', 'pre-flight', 'seam', 'no-batch-committed'].includes(rule);
}

/** A failure that the product takes for another class than the test says: then the test is about something else. */
function misjudged(plan: Plan, { decisions, stated }: Recording, place: Place): readonly Failure[] {
  return stated.flatMap(({ jobRunId, class: expected, atMs }) => {
    const decision = decisions.find(
      ({ observation: { run }, verdict, atMs: decidedAtMs }) =>
        decidedAtMs >= atMs && verdict.judgement && run.kind === 'seen' && run.run.jobRunId === jobRunId,
    );
    const judgement = decision?.verdict.judgement;
    if (!judgement || judgement.class === expected || !isByText(judgement)) return [];
    const { class: actual, rule, evidence } = judgement;
    return [
      {
        place,
        atMs: atMs - plan.startMs,
        differences: [{ field: 'event class', expected, actual }],
        why: [
          `judged by ${rule}${evidence === '' ? '' : `: "${evidence}"`}`,
          'give the event the text that the job really writes, or the class that it is judged to be',
        ],
      },
    ];
  });
}
