import { beforeAll, describe, expect, it } from 'vitest';
import { runCrew } from '../../src/world/chaos/crew.ts';
import { plants } from '../../src/world/chaos/plants.ts';
import { runSchedule, type ScheduleResult } from '../../src/world/chaos/schedule.ts';
import { type ChaosSummary, Summary } from '../../src/world/chaos/summary.ts';
import { callFaults } from '../support/calls.ts';

/** All results of the seeds, as far as the listener wants them. */
async function crew(
  seeds: { from: number; to: number },
  { plant, withCalls = false, threads = 2 }: { plant?: string; withCalls?: boolean; threads?: number } = {},
): Promise<{ results: ScheduleResult[]; summary: ChaosSummary }> {
  const results: ScheduleResult[] = [];
  const summary = new Summary(plant);
  await runCrew({
    ...seeds,
    plant,
    withCalls,
    threads,
    onResult: (result) => {
      results.push(result);
      summary.add(result);
      return plant === undefined || result.violations.length === 0;
    },
  });
  return { results, summary: summary.get() };
}

describe('a schedule', () => {
  it('is the same for the same seed, byte by byte, however the seeds are shared out', async () => {
    const alone: ScheduleResult[] = [];
    for (const seed of [31, 32, 33, 34]) alone.push(await runSchedule({ seed, withCalls: true }));
    const shared = await crew({ from: 31, to: 34 }, { withCalls: true });
    expect(shared.results).toEqual(alone);
    expect(alone[0]?.calls.length).toBeGreaterThan(10_000);
    expect(alone[0]?.calls).not.toBe(alone[1]?.calls);
  });

  it('says what the policy is before anything else, and what people switched and were told', async () => {
    const { calls } = await runSchedule({ seed: 8, withCalls: true });
    const lines = calls
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines[0]).toMatchObject({
      seed: 8,
      kind: 'policy',
      job: 'job-0',
      mode: 'act',
      budget: { perHour: expect.any(Number), perDay: expect.any(Number) },
    });
    expect(callFaults(lines)).toEqual([]);
    const kinds = new Set(lines.map(({ kind }) => kind));
    for (const kind of [
      'start-accepted',
      'run-state',
      'batch-committed',
      'attempt-failed',
      'control',
      'notice',
    ])
      expect(kinds).toContain(kind);
    expect(lines.find(({ kind }) => kind === 'notice')).toMatchObject({
      event: expect.any(String),
      newPost: expect.any(Boolean),
    });
  });
});

describe('a hundred and fifty schedules', () => {
  let summary: ChaosSummary;
  beforeAll(async () => {
    ({ summary } = await crew({ from: 7_001, to: 7_150 }));
  }, 600_000);

  it('break no promise, and all of them converge once the faults stop', () => {
    expect(summary.violations).toEqual([]);
    expect(summary).toMatchObject({ schedules: 150, converged: 150, plants: [] });
  });

  it('are long, wide and rough enough to mean something', () => {
    const { medians, faults } = summary;
    expect(medians.jobs).toBeGreaterThanOrEqual(5);
    expect(medians.applications).toBeGreaterThanOrEqual(2);
    expect(medians.virtualHours).toBeGreaterThanOrEqual(6);
    expect(medians.passes).toBeGreaterThanOrEqual(300);
    expect(medians.faults).toBeGreaterThanOrEqual(20);
    expect(medians.faultKinds).toBeGreaterThanOrEqual(6);
    expect(Object.keys(faults).length).toBeGreaterThanOrEqual(28);
  });
});

describe('a planted bug', () => {
  it.each(Object.keys(plants))(
    '%s is found within 500 schedules',
    async (plant) => {
      const { summary } = await crew({ from: 1, to: 500 }, { plant });
      expect(summary.plants).toEqual([plant]);
      expect(summary.violations).toHaveLength(1);
    },
    // A minute alone on two cores; machines that are shared take several times as long.
    900_000,
  );
});
