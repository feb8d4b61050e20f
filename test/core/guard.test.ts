import { describe, expect, it } from 'vitest';
import type { Hold } from '../../src/core/decision.ts';
import type { Mode } from '../../src/core/job.ts';
import type { Withholding } from '../../src/core/reason.ts';
import { withholdings } from '../../src/core/reason.ts';
import type { ResolvedWindow } from '../../src/core/windows.ts';
import {
  aForeignRun,
  aGrant,
  aJob,
  aWish,
  beside,
  ended,
  hourMs,
  judge,
  minuteMs,
  nowMs,
  type Situation,
  texts,
} from '../support/build.ts';

interface Held extends Hold {
  readonly why: Withholding;
  readonly gates?: NonNullable<Situation['observation']>['gates'];
  readonly memory?: Situation['memory'];
  readonly mode?: Mode;
  readonly windows?: readonly ResolvedWindow[];
}

/** Half an hour before and after the moment of these tests, 20:00 in UTC. */
const aroundNow: ResolvedWindow = {
  name: 'freeze',
  effect: 'deny',
  actions: ['restart'],
  timeZone: 'America/Sao_Paulo',
  when: { kind: 'once', from: '2026-11-22T16:30', to: '2026-11-22T17:30' },
};
const tomorrow: ResolvedWindow = {
  ...aroundNow,
  name: 'office-hours',
  effect: 'allow',
  when: { kind: 'recurring', schedule: '0 9 * * MON-FRI', durationMs: 8 * hourMs },
};

/** Every hold, in the order in which the guard asks. */
const holds: readonly Held[] = [
  { why: 'kill-switch', gates: { killSwitch: true } },
  { why: 'newer-state', gates: { newerState: true } },
  { why: 'clock-differs', gates: { clockSkewMs: 5_001 } },
  {
    why: 'fleet-paused',
    untilMs: nowMs + 1,
    gates: { fleetPaused: true, fleetPauseUntilMs: nowMs + 1 },
  },
  {
    why: 'job-paused',
    untilMs: nowMs + 1,
    memory: { pause: { untilMs: nowMs + 1, by: 'ana', reason: 'db move' } },
  },
  {
    why: 'action-paused',
    untilMs: nowMs + 1,
    memory: { pausedActions: { restart: { untilMs: nowMs + 1, by: 'ana', reason: 'db move' } } },
  },
  { why: 'mode-observe', mode: 'observe' },
  { why: 'act-not-deployed', gates: { act: 'none' } },
  { why: 'deny-window', window: 'freeze', untilMs: nowMs + 30 * minuteMs, windows: [aroundNow] },
  // Nine in the morning in São Paulo is noon in UTC; 22 November is a Sunday.
  {
    why: 'outside-allow-window',
    window: 'office-hours',
    untilMs: Date.parse('2026-11-23T12:00:00Z'),
    windows: [tomorrow],
  },
  { why: 'awaits-approval', mode: 'suggest' },
];

function underAll(active: readonly Held[], situation: Situation): Situation {
  // Of two modes the one that is asked first counts here, so that the order of the table is the order asked.
  const mode = active.find((hold) => hold.mode)?.mode ?? 'act';
  return {
    job: aJob({ mode, windows: active.flatMap((hold) => hold.windows ?? []) }),
    observation: {
      ...situation.observation,
      gates: Object.assign({}, ...active.map((hold) => hold.gates ?? {})),
    },
    memory: Object.assign({}, situation.memory, ...active.map((hold) => hold.memory ?? {})),
  };
}

const wishing: Situation = { observation: { run: ended(texts.workerLost) } };
const claiming: Situation = {
  observation: { run: ended(texts.workerLost), others: beside() },
  memory: { wish: aWish(), grant: aGrant() },
};
const cancelling: Situation = { observation: { others: beside(aForeignRun({ createdAtMs: 0 })) } };

describe('the guard', () => {
  it.each(holds)('holds a start back with $why', (hold) => {
    const kind = hold.why === 'awaits-approval' ? 'suggested' : 'withheld';
    for (const situation of [wishing, claiming, cancelling]) {
      const { why, window, untilMs } = hold;
      expect(judge(underAll([hold], situation)).guard).toEqual({
        kind,
        why,
        ...(window === undefined ? {} : { window }),
        ...(untilMs === undefined ? {} : { untilMs }),
      });
    }
  });

  it('names the first hold when there are several', () => {
    for (const [index, hold] of holds.entries()) {
      expect(judge(underAll(holds.slice(index), wishing)).guard).toMatchObject({ why: hold.why });
    }
    expect(holds.map((hold) => hold.why).sort()).toEqual(Object.keys(withholdings).sort());
  });

  it('keeps the wish in the record, as it would have been without the hold', () => {
    const free = judge(wishing);
    const held = judge(underAll(holds.slice(0, 1), wishing));
    expect(held.verdict).toEqual(free.verdict);
    expect(free.guard).toEqual({ kind: 'done' });
  });

  it('lets go when the pause has expired and when the clocks differ by the bound only', () => {
    const pause = { untilMs: nowMs, by: 'ana', reason: 'db move' };
    expect(judge({ ...wishing, memory: { pause } }).guard.kind).toBe('done');
    const observation = { ...wishing.observation, gates: { clockSkewMs: 5_000 } };
    expect(judge({ observation }).guard.kind).toBe('done');
  });

  it('knows a pause of another action from its own', () => {
    const pausedActions = { scaleDown: { untilMs: nowMs + minuteMs, by: 'ana', reason: 'peak' } };
    expect(judge({ ...wishing, memory: { pausedActions } }).guard.kind).toBe('done');
  });

  it('lets go when a deny window closes and when an allow window opens, and knows windows of other actions from its own', () => {
    const under = (window: ResolvedWindow) =>
      judge({ ...wishing, job: aJob({ windows: [window] }) }).guard.kind;
    const once = (from: string, to: string) => ({ kind: 'once', from, to }) as const;
    expect(under({ ...aroundNow, when: once('2026-11-22T16:00', '2026-11-22T17:00') })).toBe('done');
    expect(under({ ...tomorrow, when: once('2026-11-22T17:00', '2026-11-22T18:00') })).toBe('done');
    expect(under({ ...aroundNow, actions: ['reshard', 'scaleDown'] })).toBe('done');
    expect(under({ ...tomorrow, actions: ['upgrade'] })).toBe('done');
  });

  it('obeys the mode of the action before the mode of the job', () => {
    const strict = aJob({ mode: 'act', actions: { restart: 'observe' } });
    expect(judge({ ...wishing, job: strict }).guard).toMatchObject({ why: 'mode-observe' });
    const loose = aJob({ mode: 'observe', actions: { restart: 'act', scaleUp: 'observe' } });
    expect(judge({ ...wishing, job: loose }).guard).toEqual({ kind: 'done' });
  });

  it('lets parks, adoptions and waits pass: they change our own state only', () => {
    const parking = { observation: { run: ended(texts.badCode) } };
    const adopting = { observation: { run: ended(texts.transient), others: beside(aForeignRun()) } };
    const waiting = { observation: { run: { kind: 'unknown', why: 'throttled' } as const } };
    for (const [situation, kind] of [
      [parking, 'park'],
      [adopting, 'nothing'],
      [waiting, 'wait'],
    ] as const) {
      expect(judge(underAll(holds, situation))).toMatchObject({ kind, guard: { kind: 'done' } });
    }
  });
});
