import { expect, it } from 'vitest';
import { liveStates } from '../../src/core/job-run.ts';
import { hourMs, minuteMs, testFleet } from '../support/fleet.ts';

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
