import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runStorm, type Storm } from '../../src/world/storm/storm.ts';
import { callFaults, callsIn } from '../support/calls.ts';

const folder = mkdtempSync(join(tmpdir(), 'storm-'));
afterAll(() => rmSync(folder, { recursive: true }));

function storm(...args: string[]) {
  return spawnSync(process.execPath, ['src/cli/storm.ts', ...args], { encoding: 'utf8' });
}

describe('a storm of 300 jobs', () => {
  let one: Storm;
  beforeAll(async () => {
    one = await runStorm({ jobs: 300, seed: 7 });
  }, 240_000);

  it('brings every job back, and never two writers on one checkpoint', () => {
    expect(one.outcome).toMatchObject({ jobs: 300, recovered: 300, doubleWriters: 0 });
  });

  it('is one incident with one message, which is edited', () => {
    expect(one.outcome).toMatchObject({ incidents: 1, newPosts: 1 });
    expect(one.outcome.edits).toBeGreaterThan(0);
    expect(one.outcome.edits).toBeLessThan(12);
  });

  it('never exceeds the pace: at most the burst and 0.9 a second in any span of time', () => {
    const starts = one.journal.filter(({ kind, cause }) => kind === 'start-accepted' && cause === 'restart');
    const times = starts.map(({ t }) => t);
    for (const [from, fromMs] of times.entries())
      for (const [to, toMs] of times.entries())
        if (to >= from) expect(to - from + 1).toBeLessThanOrEqual(20 + 0.9 * ((toMs - fromMs) / 1000) + 1);
  });

  it('starts those first whose data is lost first', async () => {
    expect(one.outcome.overtaken).toBeLessThanOrEqual(1);
    const blind = await runStorm({ jobs: 300, seed: 7, areClocksHidden: true });
    expect(blind.outcome.overtaken).toBeGreaterThan(50);
  }, 240_000);

  it('has no more than the canaries and those before them running until one has committed a batch', () => {
    const restarted = one.journal.filter(
      ({ kind, cause }) => kind === 'start-accepted' && cause === 'restart',
    );
    const ids = new Set(restarted.map(({ jobRunId }) => jobRunId));
    const firstMs = one.journal.find(
      ({ kind, jobRunId }) => kind === 'batch-committed' && ids.has(jobRunId),
    )?.t;
    // A tenth of the jobs of an application, at least 3: so many fail before anybody can see that they belong together.
    const before = restarted.filter(({ t }) => t < (firstMs ?? 0));
    expect(before.length).toBeLessThanOrEqual(25);
    expect(before.length).toBeGreaterThanOrEqual(2);
  });
});

describe('npm run storm', () => {
  it('prints one JSON document, and writes what the world saw', () => {
    const file = join(folder, 'calls.jsonl');
    const { status, stdout } = storm('--jobs', '5', '--json', '--calls', file);
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      jobs: 5,
      recovered: 5,
      virtualSeconds: expect.any(Number),
      lowerBoundSeconds: expect.any(Number),
      incidents: expect.any(Number),
      newPosts: expect.any(Number),
      edits: expect.any(Number),
    });
    const lines = callsIn(readFileSync(file, 'utf8'));
    expect(lines.slice(0, 5).map(({ kind }) => kind)).toEqual(Array(5).fill('policy'));
    expect(callFaults(lines)).toEqual([]);
    const seen = new Set(lines.map(({ kind }) => kind));
    for (const kind of ['start-accepted', 'run-state', 'batch-committed', 'attempt-failed', 'notice'])
      expect(seen).toContain(kind);
  }, 120_000);

  it.each([
    [['--jobs', 'many'], /--jobs many: a whole number from 1 to 10000 is needed/],
    [[], /--jobs/],
    [['--jobs', '5', '--loud'], /Unknown option '--loud'/],
  ])('refuses %j plainly', (args, said) => {
    const { status, stdout, stderr } = storm(...args);
    expect(status).toBe(64);
    expect(stdout).toBe('');
    expect(stderr).toMatch(said);
  });
});
