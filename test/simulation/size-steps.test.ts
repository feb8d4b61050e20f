import { expect, it } from 'vitest';
import { as, keys } from '../../src/control/items.ts';
import type { Applications } from '../../src/control/ports.ts';
import type { LaunchRequest } from '../../src/core/launch-request.ts';
import type { Fleet } from '../../src/world/fleet.ts';
import { intercept } from '../../src/world/intercept.ts';
import type { ScriptedEnding } from '../../src/world/job-script.ts';
import { applicationId, hourMs, minuteMs, startMs, testFleet, testJob } from '../support/fleet.ts';

const sizes = {
  'spark.driver.cores': '8',
  'spark.driver.memory': '36g',
  'spark.executor.cores': '8',
  'spark.executor.memory': '36g',
};

const outOfMemory = (atMinute: number, neededMemoryGb: number): ScriptedEnding => ({
  cause: 'out-of-memory',
  atMs: startMs + atMinute * minuteMs,
  neededMemoryGb,
});

/** A job that names no size, in an application that gives 8 cores and 36 GB; the parameters of each StartJobRun. */
function fleetOf(dieAt: readonly ScriptedEnding[], isDown: () => boolean = () => false) {
  const base = testJob('orders', applicationId);
  const fleet = testFleet({
    jobs: {
      orders: { script: { dieAt: [...dieAt] }, job: { restart: { ...base.restart, launchFrom: 'spec' } } },
    },
    application: { runtimeConfiguration: [{ classification: 'spark-defaults', properties: sizes }] },
  });
  const sent: string[] = [];
  const asked: string[] = [];
  fleet.ports = intercept(fleet.ports, (name, call, args) => {
    if (name === 'runs.start')
      sent.push((args[0] as LaunchRequest).jobDriver.sparkSubmit.sparkSubmitParameters ?? '');
    return call();
  });
  const { limits } = fleet.ports.applications;
  const applications: Applications = {
    limits: async (id) => {
      asked.push(id);
      return isDown() ? { ok: false, code: 'throttled', message: 'slow down' } : limits(id);
    },
  };
  fleet.ports = { ...fleet.ports, applications };
  fleet.startSweeping();
  return { fleet, sent, asked };
}

async function learned(fleet: Fleet) {
  const read = await fleet.store.read([keys.record('orders')]);
  return read.ok ? as('record', read.value.items[0])?.memory.leastWorkers : undefined;
}

it('a job whose sizes stand in its application grows from those, and keeps its cores and its disk', async () => {
  const { fleet, sent } = fleetOf([outOfMemory(20, 50)]);
  await fleet.runFor(hourMs);
  expect(sent).toEqual(['', '--conf spark.driver.memory=55296m --conf spark.executor.memory=55296m']);
  expect(await learned(fleet)).toEqual({ driver: { memory: '55296m' }, executor: { memory: '55296m' } });
  expect(fleet.notices.map(({ text }) => text).join('\n')).toContain('executor memory 36g → 54g');
});

it('what the application was given since is not taken back by what was learned before', async () => {
  const { fleet, sent } = fleetOf([
    outOfMemory(20, 50),
    { cause: 'worker-lost', atMs: startMs + 90 * minuteMs },
  ]);
  await fleet.runFor(hourMs);
  const larger = { ...sizes, 'spark.executor.cores': '16', 'spark.executor.memory': '109g' };
  fleet.world.emr.configureApplication(applicationId, [
    { classification: 'spark-defaults', properties: larger },
  ]);
  await fleet.runFor(hourMs);
  expect(sent).toHaveLength(3);
  expect(sent[2]).toBe('--conf spark.driver.memory=55296m');
});

it('no step is taken while the application cannot be read, and the next end takes it', async () => {
  let isDown = true;
  const { fleet, sent } = fleetOf([outOfMemory(20, 50)], () => isDown);
  await fleet.runFor(21 * minuteMs);
  expect(sent).toEqual(['', '']);
  expect(fleet.notices.map(({ text }) => text).join('\n')).toContain(
    `Its workers stay as they are: what application ${applicationId} gives them could not be read (throttled: slow down).`,
  );
  isDown = false;
  await fleet.runFor(30 * minuteMs);
  expect(sent.at(-1)).toBe('--conf spark.driver.memory=55296m --conf spark.executor.memory=55296m');
});

it('the application is asked once for step and claim together', async () => {
  const { fleet, asked } = fleetOf([outOfMemory(20, 50)]);
  await fleet.runFor(19 * minuteMs);
  asked.length = 0;
  await fleet.runFor(5 * minuteMs);
  expect(asked).toHaveLength(1);
});
