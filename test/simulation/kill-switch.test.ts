import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { answerApproval } from '../../src/control/answers.ts';
import { setKillSwitch, startJob, stopJob } from '../../src/control/orders.ts';
import type { Fleet } from '../../src/world/fleet.ts';
import { intercept } from '../../src/world/intercept.ts';
import { hourMs, minuteMs, startMs, testFleet } from '../support/fleet.ts';

const ana = { by: 'ana', reason: 'drill' };
const busyMs = startMs + 30 * minuteMs;
const mutating = new Set(['runs.start', 'runs.cancel', 'retentions.extend']);

/** A quarter of an hour after its last batch its stream is extended: nine hours before the loss. */
const shortMs = 9 * hourMs + 15 * minuteMs;
const thirsty = {
  source: { kinesis: { stream: 'short' } },
  retention: { warnAt: 0.9, extendToMs: 168 * hourMs },
};

interface Point {
  readonly call: number;
  readonly when: 'before' | 'after';
}

interface Trial {
  readonly fleet: Fleet;
  /** Names of the port calls from the busy moment on. */
  readonly calls: readonly string[];
  /** Calls that change something in AWS and began once the switch was set. */
  readonly late: readonly { readonly name: string; readonly callsSince: number }[];
  readonly setAtMs: number;
}

/**
 * Everything at once: a job that died, one that a person stops, one that a person starts, one that was approved, one whose
 * stream has to keep its records for longer. At one moment of it the kill switch is set, by somebody who is no part of any pass.
 */
async function trial(point: Point | undefined): Promise<Trial> {
  const dies = (cause: 'worker-lost' | 'user-code-error') => ({
    dieAt: [{ cause, atMs: cause === 'worker-lost' ? busyMs : busyMs - 10 * minuteMs }],
  });
  const fleet = testFleet({
    jobs: {
      dead: { script: dies('worker-lost') },
      approved: { script: dies('worker-lost') },
      parked: { script: dies('user-code-error') },
      stopped: {},
      thirsty: { job: thirsty, script: { ...dies('user-code-error'), stream: 'short' } },
    },
  });
  fleet.world.createStream({ name: 'short', retentionMs: shortMs });
  const calls: string[] = [];
  const late: Trial['late'][number][] = [];
  let [isCounting, isSet, setAt, setAtMs] = [false, false, 0, 0];
  const bare = fleet.ports;
  const pull = async () => {
    isSet = true;
    [setAt, setAtMs] = [calls.length, fleet.time.now()];
    await setKillSwitch(bare, true, ana);
  };
  fleet.ports = intercept(fleet.ports, async (name, call) => {
    if (!isCounting) return call();
    const index = calls.push(name) - 1;
    const isHere = point?.call === index;
    if (isHere && point.when === 'before') await pull();
    if (isSet && mutating.has(name)) late.push({ name, callsSince: calls.length - setAt });
    const result = await call();
    if (isHere && point.when === 'after') await pull();
    return result;
  });
  fleet.startSweeping();
  await fleet.time.run({ untilMs: busyMs - minuteMs });
  const { approved, parked, stopped, ...others } = fleet.policy.jobs;
  if (!approved || !parked || !stopped) throw new Error('a job is missing');
  const asking = { ...approved, mode: 'suggest' as const };
  fleet.policy = { ...fleet.policy, jobs: { ...others, parked, stopped, approved: asking } };
  await fleet.time.run({ untilMs: busyMs + 2 * minuteMs });
  isCounting = true;
  await Promise.all([
    answerApproval(bare, asking, ana, { answer: 'approved' }),
    startJob(bare, parked, ana, true),
    stopJob(bare, stopped, ana),
  ]);
  await fleet.runFor(10 * minuteMs);
  isCounting = point !== undefined;
  await fleet.runFor(point ? 40 * minuteMs : 0);
  return { fleet, calls, late, setAtMs };
}

const { calls, fleet: undisturbed } = await trial(undefined);
const points = calls.flatMap((_name, call): Point[] =>
  // Around each command all moments, elsewhere some of them.
  calls.slice(Math.max(0, call - 1), call + 2).some((name) => mutating.has(name)) || call % 60 === 0
    ? [
        { call, when: 'before' },
        { call, when: 'after' },
      ]
    : [],
);

const accepted = ({ world }: Fleet) => [
  ...world.journal.ofKind('start-accepted'),
  ...world.journal.ofKind('cancel-accepted'),
  ...world.journal.ofKind('retention-changed'),
];

describe('the kill switch', () => {
  it('is set in the midst of starts and cancels of every kind, and of an extension', () => {
    expect(calls.filter((name) => name === 'runs.start').length).toBeGreaterThanOrEqual(2);
    expect(calls).toContain('runs.cancel');
    expect(calls).toContain('retentions.extend');
    expect(accepted(undisturbed).map(({ cause }) => cause)).toEqual(
      expect.arrayContaining(['launch', 'restart', 'operator']),
    );
    expect(points.length).toBeGreaterThan(20);
  });

  it.each(points)('set $when call $call, lets no command leave but the one under way', async (point) => {
    const { fleet, late, setAtMs } = await trial(point);
    expect(setAtMs).toBeGreaterThan(0);
    // A command whose own look at the switch came first is the current call: nothing may come between the two.
    expect(late.length).toBeLessThanOrEqual(1);
    for (const { callsSince } of late) expect(callsSince).toBeLessThanOrEqual(2);
    // And from the world's side, over the time that follows.
    expect(accepted(fleet).filter(({ t }) => t > setAtMs + 10_000)).toEqual([]);
    await setKillSwitch(fleet.ports, false, ana);
    await fleet.runFor(30 * minuteMs);
    expect(fleet.world.journal.ofKind('double-writer')).toEqual([]);
    expect(accepted(fleet).some(({ cause }) => cause === 'restart')).toBe(true);
  });
});

describe('a command to AWS', () => {
  it.each([
    { file: 'send.ts', calls: ['runs.start', 'runs.cancel'] },
    { file: 'extend.ts', calls: ['retentions.extend'] },
  ])('leaves from $file only, which reads the switch right before', ({ file, calls: sent }) => {
    const folder = join(import.meta.dirname, '../../src/control');
    const textOf = (name: string) => readFileSync(join(folder, name), 'utf8');
    for (const call of sent) {
      const [port, verb] = call.split('.');
      const sends = new RegExp(`\\.${port}\\s*\\.${verb}\\(`);
      expect(readdirSync(folder).filter((name) => sends.test(textOf(name)))).toEqual([file]);
      expect(textOf(file).indexOf('mayStillAct(')).toBeLessThan(textOf(file).indexOf(`ports.${call}(`));
    }
  });
});
