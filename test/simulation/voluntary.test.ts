import { describe, expect, it } from 'vitest';
import { as, keys, type RecordItem, schemaVersion } from '../../src/control/items.ts';
import { release } from '../../src/control/release.ts';
import { wishItem } from '../../src/control/writes.ts';
import type { ResolvedPolicy } from '../../src/core/job.ts';
import type { StartCause } from '../../src/core/job-run.ts';
import type { Wish } from '../../src/core/memory.ts';
import type { VoluntaryLimits } from '../../src/core/voluntary.ts';
import type { Fleet } from '../../src/world/fleet.ts';
import { minuteMs, testFleet } from '../support/fleet.ts';

const done = { ok: true, value: undefined } as const;
const limits: VoluntaryLimits = { concurrent: 2, perApplication: 2, count: 6, withinMs: 10 * minuteMs };

/** Jobs that are down and want a start of this cause; nothing but `release` runs. */
async function wanting(
  causes: Readonly<Record<string, StartCause>>,
  voluntary: VoluntaryLimits = limits,
): Promise<Fleet> {
  const fleet = testFleet({ jobs: Object.fromEntries(Object.keys(causes).map((name) => [name, {}])) });
  const policy: ResolvedPolicy = { ...fleet.policy, guardrails: { ...fleet.policy.guardrails, voluntary } };
  fleet.ports = {
    ...fleet.ports,
    policies: { current: async () => ({ ok: true, value: { policy, hash: 'h' } }) },
    // Nobody makes a pass over the jobs.
    wakes: { ...fleet.ports.wakes, send: async () => done, release: async () => done },
  };
  for (const [name, cause] of Object.entries(causes)) await want(fleet, name, cause);
  return fleet;
}

async function want(fleet: Fleet, name: string, cause: StartCause): Promise<void> {
  const job = fleet.policy.jobs[name] ?? expect.fail(`no job ${name}`);
  const nowMs = fleet.time.now();
  const wish: Wish = {
    id: `wsh_${name}`,
    cause,
    reason: 'job-run-failed',
    afterRunId: 'run-1',
    createdAtMs: nowMs,
    notBeforeMs: nowMs,
    tier: 2,
    plan: { base: 'spec', spendsBudget: cause === 'restart' },
  };
  const record: RecordItem = {
    ...keys.record(name),
    kind: 'record',
    schema: schemaVersion,
    rev: 1,
    job: name,
    memory: { generation: 1, desired: 'running', progress: {}, backoffStep: 0, wish },
    policyHash: 'h',
    dueShard: 'DUE#0',
    dueAtMs: nowMs,
  };
  await fleet.store.commit([
    { put: record, seenRev: 'any' },
    { put: wishItem(job, wish), seenRev: 'any' },
  ]);
}

async function granted(fleet: Fleet): Promise<readonly string[]> {
  return (await release(fleet.ports)).granted;
}

/** The start was sent and accepted; `committed` when its run has got further since. */
async function started(fleet: Fleet, name: string, { committed }: { committed: boolean }): Promise<void> {
  const read = await fleet.store.read([keys.record(name)]);
  const record = read.ok ? as('record', read.value.items[0]) : undefined;
  if (!record?.memory.grant) return expect.fail(`${name} has no grant`);
  const { wish, grant, ...memory } = record.memory;
  const job = fleet.policy.jobs[name] ?? expect.fail(`no job ${name}`);
  const put: RecordItem = {
    ...record,
    rev: record.rev + 1,
    memory: {
      ...memory,
      grant: { ...grant, state: 'used', claimId: 'clm_1' },
      run: {
        jobRunId: 'run-2',
        applicationId: job.match.applicationId,
        generation: 2,
        cause: 'refit',
        acceptedAtMs: fleet.time.now(),
      },
      progress: committed ? { [job.checkpoints[0] ?? '']: { committedAtStart: 4, streak: 0, seen: 5 } } : {},
    },
  };
  await fleet.store.commit([
    { put, seenRev: record.rev },
    ...(wish
      ? [{ delete: { pk: wishItem(job, wish).pk, sk: wishItem(job, wish).sk }, seenRev: 'any' as const }]
      : []),
  ]);
}

describe('changes that nobody needs at once', () => {
  it('are let go a few at a time; the next one follows when one of them has committed a batch', async () => {
    const fleet = await wanting({ a: 'refit', b: 'upgrade', c: 'refit' });
    expect(await granted(fleet)).toEqual(['a', 'b']);
    await started(fleet, 'a', { committed: false });
    await started(fleet, 'b', { committed: false });
    await fleet.runFor(2 * minuteMs);
    expect(await granted(fleet)).toEqual([]);
    await started(fleet, 'b', { committed: true });
    expect(await granted(fleet)).toEqual(['c']);
  });

  it('hold back no restart, and stand behind every one', async () => {
    const mixed = await wanting({ a: 'refit', b: 'restart', c: 'launch', d: 'refit', e: 'restart' });
    expect(await granted(mixed)).toEqual(['b', 'c', 'e', 'a', 'd']);
    const full = await wanting({ a: 'refit', b: 'refit', c: 'refit', d: 'restart' });
    expect(await granted(full)).toEqual(['d', 'a', 'b']);
  });

  it('are one at a time in an application where the policy says so', async () => {
    const fleet = await wanting({ a: 'refit', b: 'refit' }, { ...limits, perApplication: 1 });
    expect(await granted(fleet)).toEqual(['a']);
  });

  it('leave their place when their turn passed and nothing was sent', async () => {
    const fleet = await wanting({ a: 'refit', b: 'refit' }, { ...limits, concurrent: 1 });
    expect(await granted(fleet)).toEqual(['a']);
    await fleet.runFor(3 * minuteMs);
    expect(await granted(fleet)).toHaveLength(1);
  });

  it('never exceed the limit when two passes of release run at once', async () => {
    const fleet = await wanting({ a: 'refit', b: 'refit', c: 'refit', d: 'refit' });
    const both = await Promise.all([release(fleet.ports), release(fleet.ports)]);
    expect(both.flatMap((one) => one.granted).length).toBeLessThanOrEqual(2);
  });
});
