import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { as, keys } from '../../src/control/items.ts';
import { reconcile } from '../../src/control/reconcile.ts';
import { release } from '../../src/control/release.ts';
import { sweep } from '../../src/control/sweep.ts';
import { intercept } from '../../src/world/intercept.ts';
import { minuteMs, startMs, testFleet } from '../support/fleet.ts';

const failsAtMs = startMs + 20 * minuteMs;
const stepArbitrary = fc.record({
  what: fc.constantFrom('pass', 'pass', 'pass', 'look', 'release', 'sweep'),
  afterMs: fc.integer({ min: 0, max: 90_000 }),
});

describe('signals in any order and number', () => {
  it('never make two live runs on one checkpoint, nor a second charge for one failure', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.scheduler(),
        fc.array(fc.array(stepArbitrary, { minLength: 1, maxLength: 5 }), { minLength: 1, maxLength: 6 }),
        async (scheduler, rounds) => {
          const fleet = testFleet({
            jobs: { orders: { script: { dieAt: [{ cause: 'worker-lost', atMs: failsAtMs }] } } },
          });
          fleet.startSweeping();
          await fleet.time.runWhile(() => fleet.world.journal.ofKind('attempt-failed').length === 0, {
            untilMs: failsAtMs + 5 * minuteMs,
          });
          // From here on every port call of every pass is one step of the scheduler, in an order it draws.
          const ports = intercept(fleet.ports, async (_name, call) => {
            await scheduler.schedule(Promise.resolve());
            const answer = await call();
            await scheduler.schedule(Promise.resolve());
            return answer;
          });
          for (const round of rounds) {
            const running = round.map(({ what }) => {
              if (what === 'release') return release(ports);
              if (what === 'sweep') return sweep(ports);
              return reconcile(ports, { job: 'orders', look: what === 'look' });
            });
            await scheduler.waitFor(Promise.all(running));
            await fleet.runFor(round[0]?.afterMs ?? 0);
          }
          await fleet.runFor(30 * minuteMs);
          const { journal } = fleet.world;
          expect(journal.ofKind('double-writer')).toEqual([]);
          expect(journal.ofKind('start-accepted').map(({ cause }) => cause)).toEqual(['launch', 'restart']);
          const ring = await fleet.store.read([keys.jobRing('orders')]);
          expect(ring.ok && as('ring', ring.value.items[0])?.ring.charges.length).toBe(1);
        },
      ),
      { numRuns: 60 },
    );
  });
});
