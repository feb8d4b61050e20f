import { describe, expect, it } from 'vitest';
import {
  aForeignRun,
  aMemory,
  aRun,
  beside,
  ended,
  inState,
  judge,
  minuteMs,
  nowMs,
  type Situation,
  secondMs,
  texts,
} from '../support/build.ts';

/** Ours started this long after the foreign run; negative means before it. */
function oursBeside(oursLaterMs: number, state: 'RUNNING' | 'CANCELLING' = 'RUNNING'): Situation {
  const foreign = aForeignRun();
  const ours = aRun({ state, createdAtMs: foreign.createdAtMs + oursLaterMs });
  return { observation: { run: { kind: 'seen', run: ours }, others: beside(foreign) } };
}

describe('a hand-over', () => {
  it('adopts the only live run of the job when ours has ended, and drops what was planned', () => {
    const foreign = aForeignRun();
    const decision = judge({ observation: { run: ended(texts.badCode), others: beside(foreign) } });
    expect(decision).toMatchObject({ kind: 'nothing', reason: 'run-adopted', guard: { kind: 'done' } });
    expect(decision.verdict).toMatchObject({ adopt: foreign, forget: ['wish', 'grant', 'parked'] });
    expect(decision.verdict.notice).toMatchObject({ event: 'run.adopted', severity: 'info' });
  });

  it('adopts a live run of a job that never had one, in observe too', () => {
    const decision = judge({
      observation: { run: { kind: 'none' }, others: beside(aForeignRun()), gates: { act: 'none' } },
      memory: { generation: 0 },
    });
    expect(decision).toMatchObject({ reason: 'run-adopted', guard: { kind: 'done' } });
  });

  it('adopts before it respects a stop: who starts the job by hand wants it to run', () => {
    const observation = { run: ended('', { state: 'CANCELLED' as const }), others: beside(aForeignRun()) };
    expect(judge({ observation, memory: { desired: 'stopped' } }).reason).toBe('run-adopted');
  });

  it('takes the newest ended run as the last one of a job that nobody recorded, and looks again at once', () => {
    const last = aForeignRun({ state: 'FAILED' });
    const decision = judge({
      observation: { run: { kind: 'none' }, others: { kind: 'seen', dateMs: nowMs, live: [], ended: last } },
    });
    expect(decision).toMatchObject({ kind: 'nothing', reason: 'ended-run-adopted' });
    expect(decision.verdict).toMatchObject({ adopt: last, untilMs: nowMs });
  });

  it('touches nothing when several live runs match the job', () => {
    const others = beside(aForeignRun(), aForeignRun({ jobRunId: 'run-of-ben' }));
    const decision = judge({ observation: { run: ended(texts.transient), others } });
    expect(decision).toMatchObject({ kind: 'wait', reason: 'several-foreign-runs' });
    expect(decision.verdict.notice).toMatchObject({ event: 'writers.two-live-runs', severity: 'critical' });
  });
});

describe('ours beside a foreign live run', () => {
  it.each([
    ['ours is younger', minuteMs],
    ['both started at the same moment', 0],
    ['ours is older by less than the start deadline', -119 * secondMs],
    ['ours is older by exactly the start deadline', -120 * secondMs],
  ])('cancels ours and pages when %s', (_when, oursLaterMs) => {
    const decision = judge(oursBeside(oursLaterMs));
    expect(decision).toMatchObject({ kind: 'cancel', reason: 'ours-yields-to-foreign-run' });
    expect(decision.verdict).toMatchObject({ run: { jobRunId: 'run-1' } });
    expect(decision.verdict.notice).toMatchObject({ event: 'writers.two-live-runs', severity: 'critical' });
  });

  it('touches neither and pages when ours is older than the start deadline', () => {
    const decision = judge(oursBeside(-121 * secondMs));
    expect(decision).toMatchObject({ kind: 'wait', reason: 'foreign-run-beside-ours' });
    expect(decision.verdict.notice).toMatchObject({ event: 'writers.two-live-runs', severity: 'critical' });
  });

  it('does not cancel ours a second time while it is being cancelled', () => {
    expect(judge(oursBeside(minuteMs, 'CANCELLING'))).toMatchObject({
      kind: 'wait',
      reason: 'ours-yields-to-foreign-run',
    });
  });

  it('tells people once, however often it looks', () => {
    const situation = oursBeside(-10 * minuteMs);
    const memory = aMemory(judge(situation).verdict.learned);
    expect(judge({ ...situation, memory }).verdict.notice).toBeUndefined();
  });
});

describe('what could not be read', () => {
  const throttled = { kind: 'unknown', why: 'throttled' } as const;

  it.each<[string, Situation['observation'], string]>([
    ['the last run could not be read', { run: throttled }, 'run-unknown'],
    ['its state is a word we do not know', { run: inState('UNRECOGNISED') }, 'run-unknown'],
    [
      'the run is unknown although a foreign one is live',
      { run: throttled, others: beside(aForeignRun()) },
      'run-unknown',
    ],
    [
      'ours has ended and the listing failed',
      { run: ended(texts.transient), others: throttled },
      'listing-unknown',
    ],
    [
      'there is no run yet and the listing failed',
      { run: { kind: 'none' }, others: throttled },
      'listing-unknown',
    ],
  ])('waits and starts nothing when %s', (_when, observation, reason) => {
    const decision = judge({ ...(observation ? { observation } : {}), random: 0.5 });
    expect(decision).toMatchObject({ kind: 'wait', reason });
    expect(decision.verdict.untilMs).toBe(nowMs + 22_500);
    expect(decision.verdict.notice).toBeUndefined();
  });

  it('leaves a live run in peace when only the listing failed', () => {
    expect(judge({ observation: { others: throttled } }).reason).toBe('run-healthy');
  });

  it('tells people after ten minutes without an answer, and not before', () => {
    const ask = (sinceMs: number) =>
      judge({ observation: { run: throttled }, memory: { unknownSinceMs: nowMs - sinceMs } }).verdict;
    expect(ask(10 * minuteMs - 1).notice).toBeUndefined();
    expect(ask(10 * minuteMs).notice).toMatchObject({ event: 'incident.opened', severity: 'warning' });
    expect(ask(10 * minuteMs).learned?.unknownSinceMs).toBe(nowMs - 10 * minuteMs);
  });
});
