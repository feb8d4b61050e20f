import { describe, expect, it } from 'vitest';
import { hourMs, minuteMs, startMs, testFleet } from '../support/fleet.ts';

const dies = { dieAt: [{ cause: 'worker-lost' as const, atMs: startMs + 40 * minuteMs }] };
const root = 'acme-checkpoints/orders';

describe('a checkpoint that is damaged while the job is down', () => {
  it('parks the job before anything is started on it', async () => {
    const fleet = testFleet({ jobs: { orders: { script: dies } } });
    fleet.startSweeping();
    // Cut right after the end of the run, before the start that answers it.
    fleet.world.journal.onEntry(({ kind, state }) => {
      if (kind !== 'run-state' || state !== 'FAILED') return;
      const newest = fleet.objects
        .list(`${root}/offsets/`, { max: 1_000 })
        .map(({ key }) => Number(key.split('/').at(-1)))
        .sort((a, b) => b - a)[0];
      fleet.objects.put(`${root}/offsets/${newest}`, 'v1\n{"batchWater', 'world');
    });
    await fleet.runFor(2 * hourMs);
    expect(fleet.world.journal.ofKind('start-accepted')).toHaveLength(1);
    expect(fleet.notices.map(({ event, text }) => [event, /offsets\/\d+/.test(text)])).toEqual([
      ['incident.opened', false],
      ['incident.needs-human', true],
    ]);
  });
});

describe('the first batch after a restart', () => {
  it('is compared with the last one before it, once, and nothing is said when it fits', async () => {
    const fleet = testFleet({ jobs: { orders: { script: dies } } });
    let seams = 0;
    const { checkpoints } = fleet.ports;
    fleet.ports = {
      ...fleet.ports,
      checkpoints: {
        ...checkpoints,
        seam: async (location, batch) => {
          seams += 1;
          const answer = await checkpoints.seam(location, batch);
          expect(answer).toEqual({ ok: true, value: [] });
          return answer;
        },
      },
    };
    fleet.startSweeping();
    await fleet.runFor(2 * hourMs);
    expect(seams).toBe(1);
    expect(fleet.notices.map(({ event }) => event)).toEqual(['incident.opened', 'incident.recovered']);
  });

  it('calls a person when a shard goes on behind where it ended', async () => {
    const fleet = testFleet({ jobs: { orders: { script: dies } } });
    fleet.startSweeping();
    let isRestarted = false;
    let isSkipped = false;
    fleet.world.journal.onEntry(({ kind, cause }) => {
      if (kind === 'start-accepted' && cause === 'restart') isRestarted = true;
      if (!isRestarted || isSkipped || kind !== 'batch-committed') return;
      isSkipped = true;
      // What lies between two batches when somebody moved the ends of the last one.
      const ends = fleet.objects.list(`${root}/sources/0/shard-source/`, { max: 10_000 });
      for (const { key } of ends) {
        const body = JSON.parse(fleet.objects.get(key)?.body.toString() ?? '{}') as {
          iteratorPosition: string;
        };
        const earlier = { ...body, iteratorPosition: String(BigInt(body.iteratorPosition) - 7n) };
        fleet.objects.put(key, JSON.stringify(earlier), 'world');
      }
    });
    await fleet.runFor(2 * hourMs);
    const call = fleet.notices.find(({ event }) => event === 'incident.needs-human');
    expect(call?.text).toMatch(
      /records were skipped between batch \d+ and \d+ of s3:\/\/acme-checkpoints\/orders/,
    );
  });

  it('is compared when the end of a run is judged that died before any look, and the job starts again at once', async () => {
    // The first batch comes a minute and a half after the restart; the next look would come after five.
    const diesAgainMs = startMs + 43.5 * minuteMs;
    const dieAt = [...dies.dieAt, { cause: 'worker-lost' as const, atMs: diesAgainMs }];
    const fleet = testFleet({ jobs: { orders: { script: { dieAt } } } });
    const { checkpoints } = fleet.ports;
    const gap = { kind: 'skipped', stream: 'clicks', id: 'shardId-7', from: null, to: null } as const;
    const seam = async () => ({ ok: true, value: [gap] }) as const;
    fleet.ports = { ...fleet.ports, checkpoints: { ...checkpoints, seam } };
    fleet.startSweeping();
    await fleet.runFor(hourMs);
    const calls = fleet.notices.filter(({ event }) => event === 'incident.needs-human');
    expect(calls[0]?.text).toContain('orders ran again, and records were skipped');
    expect((calls[0]?.atMs ?? 0) - diesAgainMs).toBeLessThan(minuteMs);
    const starts = fleet.world.journal.ofKind('start-accepted').map(({ t }) => t);
    expect(starts).toHaveLength(3);
    expect((starts[2] ?? 0) - diesAgainMs).toBeLessThan(minuteMs);
  });
});
