import { describe, expect, it } from 'vitest';
import { LambdaHost } from '../../src/local/lambda-host.ts';
import { Queue } from '../../src/local/sqs-queue.ts';
import { Random } from '../../src/world/random.ts';
import { VirtualTime } from '../../src/world/virtual-time.ts';
import { minuteMs, startMs } from '../support/fleet.ts';

/** A function that fails as often as it is told, called once without waiting for it. */
async function called({ failures, retriesMax }: { failures: number; retriesMax?: number }) {
  const time = new VirtualTime(startMs);
  const calledAtMs: number[] = [];
  const host = new LambdaHost({
    time,
    random: new Random('lambda'),
    handlers: {
      door: async () => {
        calledAtMs.push(time.now());
        if (calledAtMs.length <= failures) throw new Error('not now');
      },
    },
  });
  const letters = new Queue({ name: 'letters', clock: time, isFifo: false, visibilityTimeoutMs: 30_000 });
  if (retriesMax !== undefined) host.onAsyncFailure('door', { retriesMax, onFailure: letters });
  host.invokeAsync('door', { from: 'test' });
  await time.run({ untilMs: startMs + 10 * minuteMs });
  const [first = 0] = calledAtMs;
  return { afterMs: calledAtMs.map((at) => at - first), host, letters };
}

describe('an asynchronous call', () => {
  it('that fails is tried again after one and after two minutes, as Lambda does by itself', async () => {
    const { afterMs, host } = await called({ failures: 2 });
    expect(afterMs).toHaveLength(3);
    expect(afterMs[1]).toBeGreaterThanOrEqual(minuteMs);
    expect((afterMs[2] ?? 0) - (afterMs[1] ?? 0)).toBeGreaterThanOrEqual(2 * minuteMs);
    expect(host.failed).toEqual([]);
  });

  it('is not tried again where serverless.yml says so, and its event goes to the failure destination', async () => {
    const { afterMs, host, letters } = await called({ failures: 9, retriesMax: 0 });
    expect(afterMs).toEqual([0]);
    expect(host.failed).toMatchObject([{ function: 'door', message: 'Error: not now' }]);
    const [letter] = letters.receive(10);
    expect(JSON.parse(letter?.body ?? '')).toMatchObject({
      requestContext: { approximateInvokeCount: 1 },
      requestPayload: { from: 'test' },
    });
  });
});
