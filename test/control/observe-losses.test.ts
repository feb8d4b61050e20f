import { describe, expect, it } from 'vitest';
import type { JobState } from '../../src/control/load.ts';
import { observeLosses } from '../../src/control/observe-losses.ts';
import type { LogSearch, Ports, SearchAnswer } from '../../src/control/ports.ts';
import type { JobRun } from '../../src/core/job-run.ts';
import type { LossLook } from '../../src/core/loss-memory.ts';
import type { LossSensor } from '../../src/core/observation.ts';
import { aMemory, aRun, minuteMs, secondMs } from '../support/build.ts';

const startMs = 10_000_000;
const warning =
  'WARN KafkaDataConsumer: Skip missing records in [7, 12) (GroupId: g, TopicPartition: orders-0). Some data may have been lost';
const log = { source: 'SPARK_EXECUTOR/1/stderr.gz', text: warning, linesBefore: 0 };
const read = (search: LogSearch, ...logs: readonly (typeof log)[]): SearchAnswer => ({
  kind: 'read',
  logs,
  throughMs: search.nowMs,
});

const live = (jobRunId: string, createdAtMs: number, changes: Partial<JobRun> = {}) =>
  aRun({ jobRunId, createdAtMs, startedAtMs: createdAtMs, updatedAtMs: createdAtMs, attempt: 1, ...changes });
const failed = (jobRunId: string, createdAtMs: number, endedAtMs: number, changes: Partial<JobRun> = {}) =>
  live(jobRunId, createdAtMs, { state: 'FAILED', endedAtMs, updatedAtMs: endedAtMs, ...changes });

interface Story {
  /** The run of the job at a time. */
  readonly runAt: (nowMs: number) => JobRun;
  readonly earlier?: readonly JobRun[];
  readonly answer: (run: JobRun, search: LogSearch, index: number) => SearchAnswer;
  readonly everyMs: number;
  readonly forMs: number;
  readonly look?: LossLook;
}

/** Pass after pass, each with what the one before has learned. */
async function played({ runAt, earlier = [], answer, everyMs, forMs, look }: Story) {
  const searches: { readonly run: string; readonly atMs: number; readonly search: LogSearch }[] = [];
  const seen: LossSensor[] = [];
  let lossLook = look;
  for (let nowMs = startMs; nowMs < startMs + forMs; nowMs += everyMs) {
    const ports = {
      logs: {
        search: async (run: JobRun, search: LogSearch) => {
          searches.push({ run: run.jobRunId, atMs: nowMs, search });
          return answer(run, search, searches.length - 1);
        },
      },
      runs: {
        get: async (_application: string, id: string) => {
          const run = earlier.find(({ jobRunId }) => jobRunId === id);
          return run ? { ok: true, value: run } : { ok: false, code: 'not-found', message: id };
        },
      },
    } as unknown as Ports;
    const memory = { ...aMemory({}), ...(lossLook ? { lossLook } : {}) };
    const run = { kind: 'seen', run: runAt(nowMs) } as const;
    const sensor = await observeLosses(ports, { memory, nowMs } as JobState, { run, checkpoints: {} });
    if (!sensor) continue;
    seen.push(sensor);
    lossLook = sensor.look;
  }
  const found = seen.flatMap((sensor) => (sensor.kind === 'seen' ? sensor.found : []));
  return { searches, seen, found, look: lossLook };
}

describe('the logs of a run that has ended', () => {
  const run = failed('r1', startMs - 60 * minuteMs, startMs - 4 * minuteMs);

  it('are searched on and on while something is left, long after logs stopped coming', async () => {
    const parts = 15;
    const { look, searches, found } = await played({
      runAt: () => run,
      everyMs: 3 * minuteMs,
      forMs: 60 * minuteMs,
      answer: (_run, search, index) =>
        index < parts
          ? { kind: 'read', logs: [], throughMs: search.sinceMs, unread: 'more', mark: `m${index}` }
          : { kind: 'read', logs: [log], throughMs: search.nowMs },
    });
    expect(searches.map(({ search }) => search.rest?.mark).slice(0, 3)).toEqual([undefined, 'm0', 'm1']);
    expect(new Set(searches.slice(1).map(({ search }) => search.rest?.beganMs))).toEqual(new Set([startMs]));
    expect(searches).toHaveLength(parts + 1);
    expect(found).toHaveLength(1);
    expect(look?.isLast).toBe(true);
  });

  it('are searched once more when the search had begun before all had arrived', async () => {
    const look: LossLook = {
      jobRunId: 'r1',
      applicationId: 'app-1',
      attempt: 1,
      atMs: startMs - 10 * minuteMs,
      throughMs: startMs - 20 * minuteMs,
      rest: { mark: 'm', beganMs: startMs - 10 * minuteMs },
    };
    const story = { runAt: () => run, everyMs: 3 * minuteMs, forMs: 30 * minuteMs, look };
    const { searches } = await played({ ...story, answer: (_run, search) => read(search) });
    expect(searches.map(({ search }) => search.rest?.mark)).toEqual(['m', undefined]);
  });
});

describe('logs that may not be read', () => {
  const denied = (): SearchAnswer => ({ kind: 'unknown', why: 'access-denied: no' });
  const givenUp = ({ seen }: Awaited<ReturnType<typeof played>>) => seen.map((one) => one.isGivenUp ?? false);

  it('are given up twenty minutes after the end, and that is said', async () => {
    const run = failed('r1', startMs - 60 * minuteMs, startMs);
    const story = { runAt: () => run, everyMs: 3 * minuteMs, forMs: 60 * minuteMs, answer: denied };
    const told = await played(story);
    expect(givenUp(told).slice(-2)).toEqual([false, true]);
    expect(told.look?.isLast).toBe(true);
    expect(told.searches.at(-1)?.atMs).toBeLessThanOrEqual(startMs + 24 * minuteMs);
  });

  it('of a live run are tried on, and it is said after an hour', async () => {
    const run = live('r1', startMs);
    const story = { runAt: () => run, everyMs: 5 * minuteMs, forMs: 100 * minuteMs, answer: denied };
    expect(givenUp(await played(story))).toEqual([false, false, false, false, true, true]);
  });

  it('of an earlier run are said as well', async () => {
    const run = failed('r1', startMs - 60 * minuteMs, startMs);
    const look = { jobRunId: 'r1', applicationId: 'app-1', attempt: 1, atMs: startMs, endedAtMs: startMs };
    const next = live('r2', startMs, { state: 'PENDING' });
    const story = { runAt: () => next, earlier: [run], look, everyMs: minuteMs, forMs: 60 * minuteMs };
    const told = await played({ ...story, answer: denied });
    expect(givenUp(told).filter((one) => one)).toHaveLength(1);
    expect(told.look).not.toHaveProperty('owed');
  });
});

describe('an attempt whose logs could not be searched', () => {
  const look: LossLook = {
    jobRunId: 'r1',
    applicationId: 'app-1',
    attempt: 1,
    atMs: startMs - 16 * minuteMs,
    throughMs: startMs - 16 * minuteMs,
  };
  const third = live('r1', startMs - 60 * minuteMs, { attempt: 3 });
  const attempts = ({ searches }: Awaited<ReturnType<typeof played>>) =>
    searches.map(({ search }) => search.attempt);
  const often = { everyMs: 5 * minuteMs, forMs: 90 * minuteMs, runAt: () => third, look };

  it('is searched again, and the later ones after it', async () => {
    const answer = (_run: JobRun, search: LogSearch, index: number): SearchAnswer =>
      index === 0
        ? { kind: 'unknown', why: 'throttled: SlowDown' }
        : read(search, ...(search.attempt === 1 ? [log] : []));
    const story = await played({ ...often, answer });
    expect(attempts(story).slice(0, 4)).toEqual([1, 1, 2, 3]);
    expect(story.found).toHaveLength(1);
  });

  it('is left after twenty minutes where no log of it has come, for the next one and not for the last', async () => {
    const answer = (_run: JobRun, search: LogSearch): SearchAnswer =>
      search.attempt === 1 ? { kind: 'none', why: 'not yet', mayCome: true } : read(search);
    expect(attempts(await played({ ...often, answer })).slice(0, 5)).toEqual([1, 1, 1, 2, 3]);
  });

  it('does not keep a run for ever that has ended', async () => {
    const ended = failed('r1', startMs - 60 * minuteMs, startMs, { attempt: 3 });
    const answer = (): SearchAnswer => ({ kind: 'none', why: 'not yet', mayCome: true });
    const story = await played({ ...often, runAt: () => ended, everyMs: 3 * minuteMs, answer });
    expect(new Set(attempts(story))).toEqual(new Set([1, 2, 3]));
    expect(story.look?.isLast).toBe(true);
  });
});

describe('runs that end one after the other', () => {
  const ends = (index: number) => startMs + index * minuteMs;
  const crashes = (count: number) =>
    Array.from({ length: count }, (_, index) =>
      failed(`r${index}`, ends(index) - 40 * secondMs, ends(index)),
    );

  async function crashLoop(count: number) {
    const runs = crashes(count);
    const last = live('last', ends(count - 1) + 20 * secondMs);
    return played({
      earlier: runs,
      runAt: (nowMs) => runs.find(({ endedAtMs = 0 }) => nowMs <= endedAtMs) ?? last,
      everyMs: 20 * secondMs,
      forMs: 60 * minuteMs,
      answer: (_run, search) => read(search),
    });
  }

  it('are each searched when their logs have arrived, the oldest first, and the live one as well', async () => {
    const { searches, look } = await crashLoop(3);
    const order = [...new Set(searches.map(({ run }) => run))];
    expect(order).toEqual(['r0', 'r1', 'r2', 'last']);
    for (const [index, run] of order.slice(0, 3).entries()) {
      const atMs = searches.find((search) => search.run === run)?.atMs ?? 0;
      expect(atMs).toBeGreaterThanOrEqual(ends(index) + 3 * minuteMs);
      expect(atMs).toBeLessThan(ends(index) + 5 * minuteMs);
    }
    expect(look).not.toHaveProperty('owed');
  });

  it('are owed five at a time, and those that are skipped are named', async () => {
    const runs = Array.from({ length: 8 }, (_, index) => live(`r${index}`, startMs + index * secondMs));
    const { seen, look } = await played({
      runAt: (nowMs) => runs[(nowMs - startMs) / secondMs] ?? (runs[7] as JobRun),
      earlier: runs,
      everyMs: secondMs,
      forMs: 8 * secondMs,
      look: { jobRunId: 'before', applicationId: 'app-1', attempt: 1, atMs: startMs },
      answer: (_run, search) => read(search),
    });
    expect(seen.flatMap(({ skipped }) => skipped ?? [])).toEqual(['before', 'r0', 'r1']);
    expect(look?.owed?.map(({ jobRunId }) => jobRunId)).toEqual(['r2', 'r3', 'r4', 'r5', 'r6']);
  });
});
