import { describe, expect, it } from 'vitest';
import { type Item, keys } from '../../src/control/items.ts';
import type { Write } from '../../src/control/ports.ts';
import { neverStartsAfterMs, startDeadlineMs } from '../../src/core/protocol.ts';
import type { Fleet } from '../../src/world/fleet.ts';
import { intercept } from '../../src/world/intercept.ts';
import { hourMs, minuteMs, startMs, testFleet } from '../support/fleet.ts';

/** Where a handler is killed: before or after the effect of its n-th port call, counted from the claim on. */
interface KillPoint {
  readonly call: number;
  readonly when: 'before' | 'after';
}

interface Trial {
  readonly fleet: Fleet;
  /** Names of the port calls from the claim to the end of its pass. */
  readonly calls: readonly string[];
  readonly diedAtMs: number;
}

const failsAtMs = startMs + 20 * minuteMs;

/** A job that dies once, brought back by passes of which the one that claims is killed at the given point. */
async function trial(kill: KillPoint | undefined, afterwards: 'swept' | 'left-alone'): Promise<Trial> {
  const fleet = testFleet({
    jobs: { orders: { script: { dieAt: [{ cause: 'worker-lost', atMs: failsAtMs }] } } },
  });
  const calls: string[] = [];
  let diedAtMs = 0;
  let isCounting = false;
  let isOver = false;
  let isAsleep = false;
  const around = async <T>(name: string, call: () => Promise<T>, args: readonly unknown[]): Promise<T> => {
    if (!isOver && !isCounting && name === 'store.commit' && isRestartClaim(args[0] as readonly Write[]))
      isCounting = true;
    if (!isCounting) return call();
    const index = calls.push(name) - 1;
    if (kill?.call !== index) return call();
    if (kill.when === 'after') await call();
    isCounting = false;
    isOver = true;
    diedAtMs = fleet.time.now();
    isAsleep = afterwards === 'left-alone';
    fleet.killRunning();
    return new Promise<T>(() => {});
  };
  fleet.ports = intercept(fleet.ports, around);
  fleet.onWake = () => !isAsleep;
  const sweepUnlessAsleep = () => {
    fleet.time.after(minuteMs, sweepUnlessAsleep);
    if (!isAsleep) return fleet.sweepOnce();
  };
  fleet.time.after(1_000, sweepUnlessAsleep);
  fleet.onOutcome = ({ outcome }) => {
    if (isCounting && outcome.startsWith('start-')) {
      isCounting = false;
      isOver = true;
    }
  };
  await fleet.time.runWhile(() => !isOver, { untilMs: failsAtMs + hourMs });
  if (isAsleep) {
    await fleet.time.run({ untilMs: neverStartsAfterMs(diedAtMs + startDeadlineMs) + minuteMs });
    isAsleep = false;
  }
  return { fleet, calls, diedAtMs };
}

function isRestartClaim(writes: readonly Write[]): boolean {
  return writes.some(
    (write) =>
      'put' in write &&
      write.put.kind === 'lock' &&
      write.put.claim?.kind === 'start' &&
      write.put.epoch === 2,
  );
}

async function read<K extends Item['kind']>(
  fleet: Fleet,
  key: { pk: string; sk: string },
): Promise<Extract<Item, { kind: K }> | undefined> {
  const answer = await fleet.store.read([key]);
  return answer.ok ? (answer.value.items[0] as Extract<Item, { kind: K }> | undefined) : undefined;
}

async function endOf(fleet: Fleet) {
  const ring = await read<'ring'>(fleet, keys.jobRing('orders'));
  const lock = await read<'lock'>(fleet, keys.lock('s3://acme-checkpoints/orders'));
  const restarts = fleet.world.journal.ofKind('start-accepted').filter(({ cause }) => cause === 'restart');
  return {
    restarts: restarts.length,
    charges: (ring?.ring.charges.length ?? 0) + (ring?.ring.open.length ?? 0),
    openClaim: lock?.claim,
    runId: lock?.runId,
    restartedAs: restarts[0]?.jobRunId,
    startedAtMs: restarts[0]?.t ?? 0,
    doubleWriters: fleet.world.journal.ofKind('double-writer'),
  };
}

const { calls } = await trial(undefined, 'swept');
const killPoints = calls.flatMap((name, call) => [
  { name, call, when: 'before' as const },
  { name, call, when: 'after' as const },
]);

describe('a handler that dies between claim and record', () => {
  it('has every await of that stretch enumerated', () => {
    expect(calls[0]).toBe('store.commit');
    expect(calls).toContain('runs.start');
    expect(calls.slice(calls.indexOf('runs.start'))).toContain('store.commit');
  });

  it.each(killPoints)(
    '$when call $call ($name): the next pass within D makes one run and one charge',
    async ({ call, when }) => {
      const { fleet } = await trial({ call, when }, 'swept');
      await fleet.runFor(30 * minuteMs);
      const end = await endOf(fleet);
      expect(end).toMatchObject({ restarts: 1, charges: 1, openClaim: undefined, doubleWriters: [] });
      expect(end.runId).toBe(end.restartedAs);
    },
  );

  it.each(killPoints)(
    '$when call $call ($name): with no pass before D + S + L there is one run, and at most one charge more',
    async ({ call, when }) => {
      const { fleet, diedAtMs } = await trial({ call, when }, 'left-alone');
      await fleet.runFor(30 * minuteMs);
      const end = await endOf(fleet);
      expect(end).toMatchObject({ restarts: 1, openClaim: undefined, doubleWriters: [] });
      expect(end.charges).toBeGreaterThanOrEqual(1);
      expect(end.charges).toBeLessThanOrEqual(2);
      expect(end.runId).toBe(end.restartedAs);
      // Either the dead handler had sent it, or nobody could before the claim was known never to start.
      const isSentByTheDead = end.startedAtMs <= diedAtMs;
      expect(
        isSentByTheDead ||
          end.startedAtMs > neverStartsAfterMs(diedAtMs + startDeadlineMs) ||
          end.charges === 1,
      ).toBe(true);
    },
  );
});
