import { execFile, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it, onTestFinished } from 'vitest';
import { measureRealTime, Stopwatch } from '../../src/local/demo/real-time.ts';
import { callFaults } from '../support/calls.ts';

const demo = join(import.meta.dirname, '../../src/local/demo/main.ts');
const cli = join(import.meta.dirname, '../../src/cli/main.ts');
const run = (...args: readonly string[]) =>
  spawnSync(process.execPath, [demo, ...args], { encoding: 'utf8' });

describe('the demo that is kept open', () => {
  it('takes orders of the command line, and ends when it is told to', { timeout: 300_000 }, async () => {
    const child = spawn(process.execPath, [demo, '--headless', '--keep']);
    onTestFinished(() => void child.kill('SIGKILL'));
    let shown = '';
    const said = (text: string) =>
      new Promise<void>((resolve) => {
        child.stdout.on('data', (chunk) => {
          shown += String(chunk);
          if (shown.includes(text)) resolve();
        });
      });
    const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
    await said('Ctrl-C ends it.');
    const settings = [...shown.matchAll(/^export (\w+)=(.*)$/gm)].map(([, name, value]) => [name, value]);
    const checkpilot = (...args: readonly string[]) =>
      promisify(execFile)(process.execPath, [cli, ...args], {
        env: { PATH: process.env.PATH, ...Object.fromEntries(settings) },
      });

    const before = await checkpilot('status', 'iot-ingest', '--json');
    expect(JSON.parse(before.stdout).jobs[0]).toMatchObject({ job: 'iot-ingest', state: 'NEEDS HUMAN' });
    const started = said('(operator)');
    const order = await checkpilot('start', 'ledger', '--reason', 'trying it out');
    expect(order.stdout).toContain('start ledger: ordered');
    await started;
    expect(shown).toContain('A person ordered the start.');
    child.kill('SIGINT');
    expect(await ended).toBe(0);
  });
});

describe('the demo for scripts', () => {
  it('prints one document that agrees with what the world journalled', { timeout: 300_000 }, () => {
    const folder = mkdtempSync(join(tmpdir(), 'checkpilot-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const calls = join(folder, 'calls.jsonl');
    const { status, stdout } = run('--headless', '--json', '--calls', calls, '--seed', '3');
    const outcome = JSON.parse(stdout);
    expect(outcome.missing).toEqual([]);
    expect({ status, ok: outcome.ok }).toEqual({ status: 0, ok: true });
    expect(outcome).toMatchObject({
      jobs: 7,
      recovered: 3,
      parked: 1,
      runsStarted: 11,
      doubleWriters: 0,
      budgetBreaches: 0,
    });
    const journal = readFileSync(calls, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    const ofKind = (kind: string) => journal.filter((entry) => entry.kind === kind).length;
    expect(journal[0]).toMatchObject({ kind: 'policy', budget: { perHour: 3, perDay: 12 }, mode: 'act' });
    expect(callFaults(journal)).toEqual([]);
    for (const kind of ['start-replayed', 'run-state', 'batch-committed', 'attempt-failed', 'notice'])
      expect(ofKind(kind), kind).toBeGreaterThan(0);
    expect(ofKind('start-accepted')).toBe(outcome.runsStarted);
    expect(ofKind('notice')).toBe(outcome.noticesSent);
    expect(ofKind('attempt-failed')).toBe(outcome.faults.attemptsFailed);
  });

  it('measures the way from event to start on the wall clock', { timeout: 180_000 }, async () => {
    const { wallMs } = await measureRealTime({ jobs: 2, deaths: 2 });
    expect(wallMs.n).toBeGreaterThan(0);
    expect(wallMs.n).toBeLessThanOrEqual(4);
    expect(wallMs.p50).toBeGreaterThan(0);
    expect(wallMs.p99).toBeGreaterThanOrEqual(wallMs.p50);
  });

  it('times each end of a run once, and never by the event of an earlier run', () => {
    let nowMs = 0;
    const watch = new Stopwatch(() => nowMs);
    const at = (ms: number, then: () => void) => {
      nowMs = ms;
      then();
    };
    at(0, () => watch.startReceived('orders', 'run-1'));
    at(100, () => watch.eventHanded('run-1'));
    at(120, () => watch.eventHanded('run-1'));
    at(150, () => watch.startReceived('orders', 'run-2'));
    // A sweep sees the end of run 2 before its event comes.
    at(300, () => watch.startReceived('orders', 'run-3'));
    at(310, () => watch.eventHanded('run-2'));
    at(5_000, () => watch.eventHanded('run-3'));
    at(5_070, () => watch.startReceived('orders', 'run-4'));
    expect(watch.wallMs).toEqual([50, 70]);
  });

  it.each([
    [['--sed', '3'], 64, /Unknown option '--sed'/],
    [['--seed', 'x'], 64, /--seed takes a whole number, not "x"/],
    [['--calls', '/nonexistent/calls'], 1, /--calls: \/nonexistent\/calls cannot be written/],
  ])('says at once what is wrong with %j', (args, status, message) => {
    const ran = run(...args);
    expect(ran.status).toBe(status);
    expect(ran.stderr).toMatch(message);
  });
});
