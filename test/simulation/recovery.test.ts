import { describe, expect, it } from 'vitest';
import { hourMs, minuteMs, startMs, testFleet } from '../support/fleet.ts';

describe('a job that dies comes back', () => {
  it('starts a declared job, restarts it from its checkpoint after a lost worker, and closes the incident', async () => {
    const fleet = testFleet({
      jobs: { orders: { script: { dieAt: [{ cause: 'worker-lost', atMs: startMs + 20 * minuteMs }] } } },
    });
    fleet.startSweeping();
    await fleet.runFor(2 * hourMs);
    const { journal } = fleet.world;
    expect(journal.ofKind('start-accepted').map(({ cause }) => cause)).toEqual(['launch', 'restart']);
    expect(journal.ofKind('double-writer')).toEqual([]);
    const batches = journal.ofKind('batch-committed').map(({ batch }) => batch);
    expect(batches).toEqual([...batches.keys()]);
    expect(fleet.notices.map((notice) => notice.event)).toEqual(['incident.opened', 'incident.recovered']);
  });
});
