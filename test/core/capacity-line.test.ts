import { describe, expect, it } from 'vitest';
import { noResources, type Resources, type Room } from '../../src/core/capacity.ts';
import {
  advanceLine,
  emptyLine,
  type Line,
  letGo,
  type Outcome,
  reserved,
  type Waiting,
} from '../../src/core/capacity-line.ts';
import { minuteMs, nowMs } from '../support/build.ts';

const one: Resources = { vcpu: 8, memoryGb: 32, diskGb: 40 };
const times = (count: number): Resources => ({ vcpu: 8 * count, memoryGb: 32 * count, diskGb: 40 * count });

const waiting = (job: string, changes: Partial<Waiting> = {}): Waiting => ({
  job,
  tier: 2,
  createdAtMs: nowMs - 10 * minuteMs,
  needed: one,
  isRefused: false,
  everyMs: 2 * minuteMs,
  ...changes,
});

/** An application for six jobs in which so many run. */
const roomWith = (runs: number, changes: Partial<Room> = {}): Room => ({
  limits: { maximum: { vcpu: 48, memoryGb: 192, diskGb: 240 } },
  runs,
  held: times(runs),
  dateMs: nowMs,
  ...changes,
});

const line = (changes: Partial<Line> = {}): Line => ({ ...emptyLine, ...changes });
const aTry = (job: string, atMs = nowMs - minuteMs) => ({ job, atMs, needed: one, isTry: true });
const next = (of: Line, all: readonly Waiting[], room: Room | undefined) => letGo(of, all, { room, nowMs });
const advanced = (
  of: Line,
  outcomes: Readonly<Record<string, Outcome>>,
  all: readonly Waiting[] = [],
  room?: Room,
) => advanceLine(of, { waiting: all, outcomes: new Map(Object.entries(outcomes)), room, nowMs });

describe('who goes next', () => {
  it('is the first in order while there is room, and nobody without', () => {
    expect(next(line(), [waiting('a'), waiting('b')], roomWith(5)).job).toBe('a');
    expect(next(line(), [waiting('a'), waiting('b')], roomWith(6)).job).toBeUndefined();
  });

  it('is one at a time: the next one waits until that one runs', () => {
    const on = line({ grants: [aTry('a')] });
    expect(next(on, [waiting('b')], roomWith(0)).job).toBeUndefined();
    const running = advanced(on, { a: 'running' }, [waiting('b')]);
    expect(next(running, [waiting('b')], roomWith(1, { listed: ['a'] })).job).toBe('b');
    expect(running.width).toBe(2);
  });

  it('counts starts that were let go and that the room does not show', () => {
    const on = line({ width: 2, grants: [aTry('a')] });
    expect(next(on, [waiting('b')], roomWith(5)).job).toBeUndefined();
    expect(next(on, [waiting('b')], roomWith(5, { listed: ['a'] })).job).toBe('b');
  });

  it('may be a smaller job behind one that does not fit, but no less urgent one', () => {
    const large = waiting('large', { needed: times(4) });
    expect(next(line(), [large, waiting('small')], roomWith(4)).job).toBe('small');
    expect(next(line(), [large, waiting('small', { tier: 3 })], roomWith(4)).job).toBeUndefined();
    const withDeadline = waiting('large', { needed: times(4), deadlineMs: nowMs });
    expect(next(line(), [withDeadline, waiting('small', { tier: 1 })], roomWith(4)).job).toBeUndefined();
  });

  it('is not one that had its turn and did not use it, while others wait', () => {
    const passed = advanced(line({ grants: [aTry('a')] }), { a: 'failed' }, [waiting('a'), waiting('b')]);
    expect(next(passed, [waiting('a'), waiting('b')], roomWith(0)).job).toBe('b');
    expect(next(passed, [waiting('a')], roomWith(0)).job).toBe('a');
  });

  it('is tried now and then when nobody knows the room', () => {
    const old = roomWith(6, { dateMs: nowMs - 6 * minuteMs });
    expect(next(line(), [waiting('a', { createdAtMs: nowMs - minuteMs })], old)).toEqual({
      job: undefined,
      nextMs: nowMs + minuteMs,
    });
    expect(next(line(), [waiting('a')], undefined).job).toBe('a');
  });
});

describe('a refusal of the service', () => {
  const refusedAt = (agoMs: number, tries: number, room?: Pick<Room, 'runs' | 'limits'>) =>
    line({ refused: { atMs: nowMs - agoMs, tries, ...(room ? { room } : {}) } });

  it('is followed by the next try after two, four, eight minutes, and half an hour at the most', () => {
    const waitMs = (tries: number) => next(refusedAt(0, tries), [waiting('a')], roomWith(0)).nextMs - nowMs;
    expect([0, 1, 2, 3, 4, 5].map((tries) => waitMs(tries) / minuteMs)).toEqual([2, 4, 8, 16, 30, 30]);
    expect(next(refusedAt(2 * minuteMs, 0), [waiting('a')], roomWith(0)).job).toBe('a');
  });

  it('is forgotten once a run has ended or a limit was raised since', () => {
    const before = roomWith(5);
    expect(next(refusedAt(0, 5, before), [waiting('a')], roomWith(5)).job).toBeUndefined();
    expect(next(refusedAt(0, 5, before), [waiting('a')], roomWith(4)).job).toBe('a');
    const raised = roomWith(5, { limits: { maximum: { vcpu: 64, memoryGb: 256, diskGb: 320 } } });
    expect(next(refusedAt(0, 5, before), [waiting('a')], raised).job).toBe('a');
  });

  it('compares with the first look after it, which no longer shows the run that was refused', () => {
    const refused = advanced(
      line({ width: 8, grants: [aTry('a')] }),
      { a: 'refused' },
      [waiting('b')],
      roomWith(6),
    );
    expect(refused).toMatchObject({ width: 1, grants: [], refused: { atMs: nowMs, tries: 1 } });
    expect(refused.refused?.room).toBeUndefined();
    const looked = advanced(refused, {}, [waiting('b')], roomWith(5, { dateMs: nowMs + 1 }));
    expect(looked.refused?.room).toMatchObject({ runs: 5 });
  });

  it('of a job that nobody had let go is the beginning of the line, and no try', () => {
    const all = ['a', 'b', 'c'].map((job, index) =>
      waiting(job, { isRefused: true, createdAtMs: nowMs - index }),
    );
    expect(advanced(line(), {}, all).refused).toEqual({ atMs: nowMs, tries: 0 });
  });

  it('is over when a start has come through', () => {
    const on = { ...refusedAt(minuteMs, 3), grants: [aTry('a')] };
    expect(advanced(on, { a: 'running' }, [waiting('b')]).refused).toBeUndefined();
  });
});

describe('the line', () => {
  it('names those that wait in order, and not those that were let go', () => {
    const all = [waiting('a'), waiting('b', { tier: 3 })];
    expect(advanced(line({ grants: [aTry('a')] }), { a: 'waiting' }, all).waiting).toEqual([
      { job: 'b', urgency: 3, needed: one },
    ]);
  });

  it('forgets a start that was not sent after all, and others after some minutes', () => {
    const on = line({
      grants: [
        { job: 'a', atMs: nowMs - minuteMs },
        { job: 'old', atMs: nowMs - 5 * minuteMs },
        { job: 'c', atMs: nowMs },
      ],
    });
    expect(advanced(on, {}, [waiting('a')]).grants.map(({ job }) => job)).toEqual(['c']);
  });

  it('begins anew when nobody waits any more', () => {
    expect(advanced(line({ width: 16, refused: { atMs: nowMs, tries: 4 } }), {})).toEqual(emptyLine);
  });

  it('keeps room for those that wait and fit, before a job that fails afterwards', () => {
    const waits = line({
      waiting: [
        { job: 'a', urgency: 2, needed: one },
        { job: 'b', urgency: 2, needed: times(5) },
      ],
    });
    const seen = { room: roomWith(4), ahead: [] };
    expect(reserved(waits, { job: 'z', urgency: 2 }, seen)).toEqual([one]);
    expect(reserved(waits, { job: 'a', urgency: 2 }, seen)).toEqual([]);
    expect(reserved(waits, { job: 'z', urgency: 1 }, seen)).toEqual([]);
    expect(
      reserved(waits, { job: 'z', urgency: 2 }, { room: roomWith(0, { held: noResources }), ahead: [] }),
    ).toEqual([one, times(5)]);
  });
});
