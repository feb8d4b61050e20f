import { expect, it } from 'vitest';
import { liveStates } from '../../src/core/job-run.ts';
import { intercept } from '../../src/world/intercept.ts';
import { hourMs, minuteMs, startMs, testFleet } from '../support/fleet.ts';

it('a listing that stays throttled is asked for less and less, and is no chain of wakes', async () => {
  const fleet = testFleet({ jobs: { orders: {} } });
  fleet.startSweeping();
  await fleet.runFor(20 * minuteMs);
  let lists = 0;
  let passes = 0;
  const { runs } = fleet.ports;
  fleet.onOutcome = () => {
    passes += 1;
  };
  fleet.ports = {
    ...fleet.ports,
    runs: {
      get: (...args) => runs.get(...args),
      start: (...args) => runs.start(...args),
      cancel: (...args) => runs.cancel(...args),
      list: async () => {
        lists += 1;
        return { ok: false, code: 'throttled', message: 'Rate exceeded' };
      },
    },
  };
  // Twenty hints of runs that nobody knows, as after an hour of trouble.
  for (let hint = 0; hint < 20; hint += 1)
    await fleet.ports.wakes.send([
      { wake: { kind: 'job', job: 'orders', cause: 'run-appeared', look: true }, delaySeconds: 0 },
    ]);
  await fleet.runFor(hourMs);
  // The sweep itself lists once a minute.
  expect(lists).toBeLessThan(20 + 60 + 40);
  expect(passes).toBeLessThan(80);
});

it('claims of one application share a listing', async () => {
  const jobs = Object.fromEntries(Array.from({ length: 12 }, (_, index) => [`job-${index}`, {}]));
  const fleet = testFleet({ jobs });
  let lists = 0;
  const { runs } = fleet.ports;
  fleet.ports = {
    ...fleet.ports,
    runs: {
      get: (...args) => runs.get(...args),
      start: (...args) => runs.start(...args),
      cancel: (...args) => runs.cancel(...args),
      list: (applicationId, filter) => {
        if (filter.states === liveStates) lists += 1;
        return runs.list(applicationId, filter);
      },
    },
  };
  fleet.startSweeping();
  await fleet.runFor(4 * minuteMs);
  expect(fleet.world.journal.ofKind('start-accepted')).toHaveLength(12);
  // Twelve looks at once before the wishes and one for each sweep; of the twelve claims hardly any lists itself.
  expect(lists).toBeLessThan(24);
});

it('whoever has its turn asks a throttled listing again within seconds, and keeps its place', async () => {
  const failsAtMs = startMs + 20 * minuteMs;
  const fleet = testFleet({
    jobs: { orders: { script: { dieAt: [{ cause: 'transient-io', atMs: failsAtMs, times: 1 }] } } },
  });
  fleet.startSweeping();
  let answersAtMs = Number.POSITIVE_INFINITY;
  fleet.ports = intercept(fleet.ports, async (name, call) => {
    if (name !== 'runs.list' || fleet.time.now() < failsAtMs) return call();
    // From the first look of the job that has its turn; the look before its wish is answered.
    const record = await fleet.store.read([{ pk: 'JOB#orders', sk: 'RECORD' }]);
    const item = record.ok ? record.value.items[0] : undefined;
    const hasTurn = item?.kind === 'record' && item.memory.grant?.state === 'unused';
    if (hasTurn && answersAtMs === Number.POSITIVE_INFINITY) answersAtMs = fleet.time.now() + 40_000;
    return hasTurn && fleet.time.now() < answersAtMs
      ? ({ ok: false, code: 'throttled', message: 'Rate exceeded' } as Awaited<ReturnType<typeof call>>)
      : call();
  });
  await fleet.runFor(30 * minuteMs);
  const start = fleet.world.journal.ofKind('start-accepted').find(({ cause }) => cause === 'restart');
  expect(answersAtMs).toBeLessThan(Number.POSITIVE_INFINITY);
  expect((start?.t ?? Number.POSITIVE_INFINITY) - answersAtMs).toBeLessThan(9_000);
});
