import { describe, expect, it } from 'vitest';
import {
  aForeignRun,
  aGrant,
  aWish,
  beside,
  checkpoint,
  ended,
  judge,
  minuteMs,
  nowMs,
  type Situation,
  secondMs,
  texts,
} from '../support/build.ts';

/** The run has ended, a wish answers it, and the release function has given it its turn. */
function ready(changes: Situation = {}): Situation {
  return {
    observation: { run: ended(texts.transient), others: beside(), ...changes.observation },
    memory: { wish: aWish(), grant: aGrant(), ...changes.memory },
  };
}

describe('a wish', () => {
  it('waits for its backoff, then for its turn, and then is claimed', () => {
    const wish = aWish({ notBeforeMs: nowMs + 12 * secondMs });
    const { grant: _none, ...memory } = { ...ready().memory };
    const backingOff = judge(ready({ memory: { wish } }));
    expect(backingOff).toMatchObject({ kind: 'wait', reason: 'backing-off' });
    expect(backingOff.verdict.untilMs).toBe(nowMs + 12 * secondMs);
    const waiting = judge({ ...ready(), memory });
    expect(waiting).toMatchObject({ kind: 'wait', reason: 'awaits-grant' });
    expect(waiting.verdict.untilMs).toBe(nowMs + 5 * minuteMs);
    expect(judge(ready())).toMatchObject({
      kind: 'start',
      reason: 'job-run-failed',
      verdict: { kind: 'claim', wish: aWish() },
    });
  });

  it.each([
    ['has expired', aGrant({ expiresAtMs: nowMs })],
    ['is used', aGrant({ state: 'used', claimId: 'clm_1' })],
    ['was given to another wish', aGrant({ wishId: 'wsh_0' })],
  ])('is not claimed with a grant that %s', (_what, grant) => {
    expect(judge(ready({ memory: { grant } }))).toMatchObject({ kind: 'wait', reason: 'awaits-grant' });
  });

  it('that answers another run is stale: the end of this one is judged afresh', () => {
    const decision = judge(ready({ memory: { wish: aWish({ afterRunId: 'run-0' }) } }));
    expect(decision).toMatchObject({ kind: 'start', verdict: { kind: 'start' } });
    expect(decision.verdict).toMatchObject({ wish: { afterRunId: 'run-1' } });
  });

  it('is dropped when the budget was used up meanwhile, so that its turn goes to another job', () => {
    const budget = { room: false, freesAtMs: nowMs + 7 * minuteMs };
    const decision = judge(ready({ observation: { budget } }));
    expect(decision).toMatchObject({ kind: 'wait', reason: 'retry-budget-exhausted' });
    expect(decision.verdict).toMatchObject({ untilMs: nowMs + 7 * minuteMs, forget: ['wish', 'grant'] });
  });

  it('is dropped when a person parked or stopped the job, or started it', () => {
    const parked = { reason: 'start-refused', jobRunId: 'run-1', atMs: nowMs } as const;
    expect(judge(ready({ memory: { parked } })).reason).toBe('parked');
    expect(judge(ready({ memory: { desired: 'stopped' } })).reason).toBe('stopped-on-purpose');
    const { verdict } = judge(ready({ observation: { others: beside(aForeignRun()) } }));
    expect(verdict).toMatchObject({ reason: 'run-adopted', forget: ['wish', 'grant', 'parked'] });
  });
});

describe('right before the claim', () => {
  const checkpoints = { [checkpoint]: { kind: 'unknown', why: 's3-down' } } as const;

  it('nothing is claimed without a listing', () => {
    expect(judge(ready({ observation: { others: { kind: 'not-looked' } } }))).toMatchObject({
      kind: 'wait',
      reason: 'listing-unknown',
    });
    const others = { kind: 'unknown', why: 'throttled' } as const;
    const waiting = judge({ ...ready({ observation: { others } }), random: 0.5 });
    expect(waiting.reason).toBe('listing-unknown');
    // Those behind it in the fleet's order must not start before it.
    expect(waiting.verdict.untilMs).toBe(nowMs + 6 * secondMs);
  });

  it('a checkpoint that cannot be read stops a second start within the hour', () => {
    const memory = { lastStartAtMs: nowMs - 20 * minuteMs };
    expect(judge(ready({ observation: { checkpoints }, memory }))).toMatchObject({
      kind: 'wait',
      reason: 'checkpoint-unreadable',
    });
  });

  it('a checkpoint that cannot be read allows the one start of the hour', () => {
    const memory = { lastStartAtMs: nowMs - 60 * minuteMs };
    expect(judge(ready({ observation: { checkpoints }, memory })).verdict.kind).toBe('claim');
  });
});
