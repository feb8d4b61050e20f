import { expect, it } from 'vitest';
import { hourMs, minuteMs, startMs, testFleet } from '../support/fleet.ts';

it('the log of a lost executor says what the driver does not know', async () => {
  const dieAt = [{ cause: 'worker-lost' as const, atMs: startMs + 30 * minuteMs }];
  const fleet = testFleet({ jobs: { orders: { script: { dieAt } } } });
  const asked: string[] = [];
  fleet.ports = {
    ...fleet.ports,
    logs: {
      search: async () => ({ kind: 'none', why: 'nowhere' }),
      read: async () => ({
        kind: 'read',
        logs: [
          {
            source: 'SPARK_DRIVER/stderr.gz',
            text: '26/11/22 20:13:52 ERROR TaskSchedulerImpl: Lost executor 3 on 10.0.1.7: Remote RPC client disassociated',
            linesBefore: 0,
          },
        ],
      }),
      readExecutor: async (_run, executor) => {
        asked.push(executor);
        const text = '26/11/22 20:13:50 ERROR Executor: java.lang.OutOfMemoryError: Java heap space';
        return { kind: 'read', logs: [{ source: 'SPARK_EXECUTOR/3/stderr.gz', text, linesBefore: 0 }] };
      },
    },
  };
  fleet.startSweeping();
  await fleet.runFor(2 * hourMs);
  expect(asked).toEqual(['3']);
  expect(fleet.notices[0]?.text).toContain('with executor memory 14g');
});
