import { describe, expect, it } from 'vitest';
import { observeOldest } from '../../src/control/observe-oldest.ts';
import type { Answer, OldestRecord, Ports } from '../../src/control/ports.ts';
import type { ResolvedJob } from '../../src/core/job.ts';
import type { ExactReading, ReadSensor, SourceMemory } from '../../src/core/source.ts';
import { hourMs, minuteMs } from '../support/build.ts';

const plannedAtMs = 1_000 * hourMs;
const nowMs = plannedAtMs + 2 * hourMs;
const location = 's3://bucket/orders';
const read: ReadSensor = { kind: 'seen', location, batch: 7, plannedAtMs, isExact: true };
const before: SourceMemory = {
  retention: { retentionMs: 24 * hourMs, readAtMs: nowMs, from: 'service' },
};

interface Asking {
  readonly answers?: Readonly<Record<string, Answer<OldestRecord>>>;
  readonly exact?: ExactReading;
  readonly at?: number;
  readonly seen?: ReadSensor;
  readonly mayAsk?: boolean;
  readonly isAgeExact?: boolean;
}

const at = (arrivedMs: number, batch = 7): Answer<OldestRecord> => ({
  ok: true,
  value: { batch, arrivedMs },
});
const none: Answer<OldestRecord> = { ok: true, value: { batch: 7 } };

async function asked({ answers = {}, exact, seen = read, mayAsk = true, ...more }: Asking) {
  const calls: string[] = [];
  const oldestRecord = async (of: string) => {
    calls.push(of);
    return answers[of] ?? none;
  };
  const checkpoints = Object.keys(answers).length > 0 ? Object.keys(answers) : [location];
  const retention = { warnAt: 0.5, isAgeExact: more.isAgeExact ?? true };
  const reading = await observeOldest(
    { checkpoints: { oldestRecord } } as unknown as Ports,
    { checkpoints, retention, source: { kinesis: { stream: 'clicks' } } } as unknown as ResolvedJob,
    { read: seen, before: { ...before, ...(exact ? { exact } : {}) }, nowMs: more.at ?? nowMs, mayAsk },
  );
  return { reading, calls: calls.length };
}

describe('the exact age of the oldest unread record', () => {
  it('is that of the checkpoint which is furthest behind', async () => {
    const answers = { [location]: at(plannedAtMs + 5), 's3://bucket/audit': at(plannedAtMs + 3, 90) };
    expect((await asked({ answers })).reading).toEqual({
      batch: 7,
      arrivedMs: plannedAtMs + 3,
      readAtMs: nowMs,
    });
  });

  it('is asked for only where the policy wants it, of a job that has stood still for an hour, by a pass with time', async () => {
    for (const asking of [
      { isAgeExact: false },
      { mayAsk: false },
      { at: plannedAtMs + hourMs - 1 },
      { seen: { kind: 'first-batch', plannedAtMs } as const },
    ])
      expect(await asked(asking)).toEqual({ reading: undefined, calls: 0 });
  });

  it('is asked for once for each batch', async () => {
    const exact = { batch: 7, arrivedMs: plannedAtMs, readAtMs: nowMs - hourMs };
    expect(await asked({ exact })).toEqual({ reading: exact, calls: 0 });
    expect(await asked({ exact: { ...exact, batch: 6 } })).toMatchObject({ calls: 1 });
  });

  it('is asked for again every ten minutes while no record is there, or while it could not be told', async () => {
    for (const more of [{}, { why: 'throttled: no' }]) {
      const exact = { batch: 7, readAtMs: nowMs, ...more };
      expect(await asked({ exact, at: nowMs + 10 * minuteMs - 1 })).toEqual({ reading: exact, calls: 0 });
      const later = nowMs + 10 * minuteMs;
      expect(await asked({ exact, at: later })).toEqual({ reading: { batch: 7, readAtMs: later }, calls: 1 });
    }
  });

  it('is not told by one of two checkpoints, by another batch, or where older records may be gone', async () => {
    const denied: Answer<OldestRecord> = { ok: false, code: 'denied', message: 'no' };
    const why = async (asking: Asking) => (await asked(asking)).reading?.why;
    expect(await why({ answers: { [location]: at(plannedAtMs), other: denied } })).toBe('denied: no');
    expect(await why({ answers: { [location]: at(plannedAtMs, 8) } })).toBe(
      'a batch was committed meanwhile',
    );
    const late = { at: plannedAtMs + 23 * hourMs + 1, answers: { [location]: at(plannedAtMs) } };
    expect(await why(late)).toBe('older records may be gone already');
  });
});
