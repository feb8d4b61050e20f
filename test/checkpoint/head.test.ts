import { expect, it } from 'vitest';
import { headOf } from '../../src/checkpoint/head.ts';

const minuteMs = 60_000;

function batches(count: number, at: (batch: number) => number): Map<number, number> {
  return new Map(Array.from({ length: count }, (_, batch) => [batch, at(batch)]));
}

it('names the newest planned and committed batch with their times', () => {
  const planned = batches(13, (batch) => batch * minuteMs);
  const committed = batches(12, (batch) => batch * minuteMs + 20_000);
  expect(headOf(planned, committed)).toEqual({
    plannedBatch: 12,
    committedBatch: 11,
    times: {
      plannedAtMs: 12 * minuteMs,
      committedAtMs: 11 * minuteMs + 20_000,
      committedPlannedAtMs: 11 * minuteMs,
      batchP95Ms: 20_000,
    },
  });
});

it('has neither batch nor time in a checkpoint that is new', () => {
  expect(headOf(new Map(), new Map())).toEqual({ plannedBatch: -1, committedBatch: -1, times: {} });
});

it('does not take a batch that waited for a restart for the length of batches', () => {
  const planned = batches(100, (batch) => batch * minuteMs);
  const committed = batches(100, (batch) => batch * minuteMs + (batch === 50 ? 3 * 60 * minuteMs : 20_000));
  expect(headOf(planned, committed).times.batchP95Ms).toBe(20_000);
});

it('says nothing of the length of batches before there are a few, or without dates', () => {
  const few = headOf(
    batches(4, () => 0),
    batches(4, () => 20_000),
  );
  const undated = headOf(
    batches(9, () => Number.NaN),
    batches(9, () => Number.NaN),
  );
  expect([few.times.batchP95Ms, undated.times]).toEqual([undefined, {}]);
});
