import { expect, it } from 'vitest';
import { lostExecutor } from '../../../src/core/failure/lost-executor.ts';

it('is named when the driver only knows that it lost it', () => {
  const lost =
    '26/11/22 20:13:52 ERROR TaskSchedulerImpl: Lost executor 17 on 10.0.1.7: Executor heartbeat timed out';
  expect(lostExecutor('', [{ source: 'stderr', text: lost }])).toBe('17');
  expect(lostExecutor('ExecutorLostFailure (executor 3 exited caused by one of the running tasks)', [])).toBe(
    '3',
  );
});

it('is not asked for when the cause is known, or no executor was lost', () => {
  const memory = 'ExecutorLostFailure (executor 3 exited) Container killed on request. Exit code is 137';
  expect(lostExecutor(memory, [])).toBeUndefined();
  expect(lostExecutor("NameError: name 'foo' is not defined", [])).toBeUndefined();
  expect(lostExecutor('', [])).toBeUndefined();
});
