import { describe, expect, it } from 'vitest';
import type { Log } from '../../src/control/ports.ts';
import type { ResolvedJob } from '../../src/core/job.ts';
import { passTelemetry } from '../../src/runtime/pass-telemetry.ts';
import type { JobBehaviour } from '../../src/world/job-script.ts';
import { hourMs, minuteMs, startMs, testFleet } from '../support/fleet.ts';

const diesAtMs = startMs + 20 * minuteMs;

interface Line {
  readonly message: string;
  readonly [field: string]: unknown;
}

/** Two hours of one job: what was counted and measured, and every line of the log. */
async function watched(script: JobBehaviour, job: Partial<ResolvedJob> = {}) {
  const fleet = testFleet({ jobs: { orders: { script, job } } });
  const lines: Line[] = [];
  const write = (message: string, data?: object) => {
    lines.push({ message, ...data });
  };
  const log: Log = { info: write, warn: write, error: write };
  fleet.ports = { ...fleet.ports, log };
  const counts: Record<string, number> = {};
  const measured: number[] = [];
  const call = {
    count: (metric: string, value = 1) => {
      counts[metric] = (counts[metric] ?? 0) + value;
    },
    measure: (metric: string, ms: number) => {
      expect(metric).toBe('EndToStartMs');
      measured.push(ms);
    },
  };
  const listener = passTelemetry(log, call, () => fleet.time.now());
  fleet.onOutcome = ({ report }) => listener.passed(report);
  fleet.startSweeping();
  await fleet.runFor(2 * hourMs);
  const { Passes: passes = 0, ...deeds } = counts;
  return { fleet, lines, counts, passes, deeds, measured, listener };
}

describe('what is counted of passes', () => {
  it('is each start once as a wish and once as a claim, and the time from the end to the start', async () => {
    const { fleet, passes, deeds, measured } = await watched({
      dieAt: [{ cause: 'worker-lost', atMs: diesAtMs }],
    });
    const { journal } = fleet.world;
    expect(deeds).toEqual({ StartsWished: 2, StartsClaimed: 2 });
    expect(passes).toBeGreaterThan(4);
    const end = journal.ofKind('run-state').find(({ state }) => state === 'FAILED');
    const start = journal.ofKind('start-accepted').at(-1);
    expect(measured).toEqual([(start?.t ?? 0) - (end?.t ?? 0)]);
  });

  it('is a park once, however often it is found parked', async () => {
    const { deeds } = await watched({ dieAt: [{ cause: 'user-code-error', atMs: diesAtMs }] });
    expect(deeds).toEqual({ StartsWished: 1, StartsClaimed: 1, JobsParked: 1 });
  });

  it('is a cancel of ours, and the time to the start after it', async () => {
    const { deeds, measured } = await watched({ dieAt: [{ cause: 'stall', atMs: diesAtMs }] });
    expect(deeds).toMatchObject({ CancelsClaimed: 1, StartsClaimed: 2 });
    expect(measured).toHaveLength(1);
  });

  it('is nothing in mode observe', async () => {
    const { deeds, passes } = await watched(
      { dieAt: [{ cause: 'user-code-error', atMs: diesAtMs }] },
      { mode: 'observe' },
    );
    expect(deeds).toEqual({});
    expect(passes).toBeGreaterThan(0);
  });

  it('is a pass that throws, with its stack in the log', async () => {
    const { listener, lines, counts } = await watched({});
    listener.failed('orders', new Error('a promise was broken'));
    expect(lines.at(-1)).toMatchObject({
      message: 'pass failed',
      job: 'orders',
      error: expect.stringMatching(/a promise was broken\n\s+at /),
    });
    expect(counts.PassesFailed).toBe(1);
  });
});

describe('the log', () => {
  it('has the job in every line about one, and the decision in every line about what followed from it', async () => {
    const { lines } = await watched({ dieAt: [{ cause: 'worker-lost', atMs: diesAtMs }] });
    const about = (message: string) => lines.filter((line) => line.message === message);
    expect(new Set(lines.map(({ message }) => message))).toEqual(
      new Set(['pass', 'start accepted', 'notice']),
    );
    for (const line of lines) expect(line.job).toBe('orders');
    const decided = new Set(about('pass').map(({ decision }) => decision));
    const followed = [...about('start accepted'), ...about('notice')];
    expect(followed.length).toBeGreaterThan(3);
    for (const { decision } of followed) expect(decided).toContain(decision);
  });
});
