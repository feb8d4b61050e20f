import { describe, expect, it } from 'vitest';
import { keys, schemaVersion } from '../../src/control/items.ts';
import { baseRequest } from '../../src/control/start-request.ts';
import { aJob, anObservation, aRequest } from '../support/build.ts';
import { testFleet } from '../support/fleet.ts';

const stored = aRequest('--conf spark.generation=4');
const gone = anObservation({ run: { kind: 'unknown', why: 'not-found', gone: true } });

describe('the request that a start is made from', () => {
  it('is the stored one of the generation, and that of the service or of the policy where none was stored', async () => {
    const { store } = testFleet({ jobs: { orders: {} } });
    const base = { generation: 4 };
    expect(await baseRequest({ store }, aJob(), base, gone)).toEqual({ ok: true, value: aRequest() });
    const put = {
      ...keys.launch('orders', 4),
      kind: 'launch' as const,
      schema: schemaVersion,
      rev: 1,
      job: 'orders',
      generation: 4,
      request: stored,
      jobRunId: 'run-1',
    };
    await store.commit([{ put, seenRev: 'absent' }]);
    expect(await baseRequest({ store }, aJob(), base, gone)).toEqual({ ok: true, value: stored });
  });

  it('is none at all while the table does not tell: the policy may say something else by now', async () => {
    const { store } = testFleet({ jobs: { orders: {} } });
    const down = { ok: false, code: 'throttled', message: 'slow down' } as const;
    const ports = { store: { ...store, read: async () => down } as never };
    expect(await baseRequest(ports, aJob(), { generation: 4 }, gone)).toEqual(down);
  });
});
