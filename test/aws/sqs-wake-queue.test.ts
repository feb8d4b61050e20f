import { describe, expect, it, onTestFinished } from 'vitest';
import { SqsWakeQueue } from '../../src/aws/sqs-wake-queue.ts';
import { systemClock } from '../../src/aws/system-clock.ts';
import type { Wake } from '../../src/control/ports.ts';
import { startSqs } from '../../src/local/sqs.ts';
import { Queue } from '../../src/local/sqs-queue.ts';
import { clientsOf, failing, type ScriptedServer, type Step, scripted } from './scripted-server.ts';

const wake = (job: string): Wake => ({ kind: 'job', job, cause: 'test' });

function queueAt(server: { readonly url: string }): SqsWakeQueue {
  return new SqsWakeQueue({
    client: clientsOf(server, { retries: 'none' }).sqs,
    wakeQueueUrl: `${server.url}/111122223333/wakes`,
    releaseQueueUrl: `${server.url}/111122223333/release.fifo`,
    notifyQueueUrl: `${server.url}/111122223333/notify.fifo`,
  });
}

async function localQueues() {
  const wakes = new Queue({ name: 'wakes', clock: systemClock });
  const release = new Queue({ name: 'release.fifo', clock: systemClock, isFifo: true });
  const server = await startSqs({ clock: systemClock, queues: [wakes, release] });
  onTestFinished(() => server.close());
  return { wakes, release, queue: queueAt(server) };
}

function entriesOf(server: ScriptedServer) {
  return server.requests.map((one) => JSON.parse(one.body).Entries as Record<string, unknown>[]);
}

const taken: Step = { status: 200, body: { Successful: [], Failed: [] } };

describe('wakes', () => {
  it('arrive as they were sent, however many there are', async () => {
    const { wakes, queue } = await localQueues();
    const sent = Array.from({ length: 23 }, (_, index) => wake(`job-${index}`));
    expect(await queue.send(sent.map((one) => ({ wake: one, delaySeconds: 0 })))).toEqual({
      ok: true,
      value: undefined,
    });
    const received: unknown[] = [];
    for (let batch = 0; batch < 3; batch += 1) {
      received.push(...wakes.receive(10).map((message) => JSON.parse(message.body)));
    }
    expect(received).toEqual(sent);
  });

  it('go out ten at a time, with whole seconds of delay up to fifteen minutes', async () => {
    const server = await scripted(taken);
    const delays = [0, 0.2, 30, 5_000, -3, 1, 1, 1, 1, 1, 7];
    await queueAt(server).send(delays.map((delaySeconds) => ({ wake: wake('orders'), delaySeconds })));
    const [first = [], second = []] = entriesOf(server);
    expect(first.map((one) => one.DelaySeconds)).toEqual([0, 1, 30, 900, 0, 1, 1, 1, 1, 1]);
    expect(second.map((one) => one.DelaySeconds)).toEqual([7]);
  });

  it('need no request when there are none', async () => {
    const server = await scripted(taken);
    expect(await queueAt(server).send([])).toEqual({ ok: true, value: undefined });
    expect(server.requests).toHaveLength(0);
  });

  it('fail as a whole when SQS does not take some, after all batches were tried', async () => {
    const Failed = [{ Id: '0', Code: 'InternalError', SenderFault: false, Message: 'try again' }];
    const server = await scripted({ status: 200, body: { Successful: [], Failed } }, taken);
    const sent = Array.from({ length: 12 }, () => ({ wake: wake('orders'), delaySeconds: 0 }));
    expect(await queueAt(server).send(sent)).toEqual({
      ok: false,
      code: 'unavailable',
      message: '1 of 10 wakes not taken, first: InternalError try again',
    });
    expect(server.requests).toHaveLength(2);
  });

  it.each<[Step, string]>([
    [failing('QueueDoesNotExist'), 'not-found'],
    [failing('RequestThrottled', { status: 403 }), 'throttled'],
    [failing('AccessDeniedException', { status: 403 }), 'denied'],
    ['reset', 'unavailable'],
  ])('say why SQS took none: %j', async (step, code) => {
    const answer = await queueAt(await scripted(step)).send([{ wake: wake('orders'), delaySeconds: 0 }]);
    expect(answer).toMatchObject({ ok: false, code });
  });
});

describe('release', () => {
  it('asks in one group and is never dropped as a double', async () => {
    const { release, queue } = await localQueues();
    expect(await queue.release()).toEqual({ ok: true, value: undefined });
    expect(await queue.release()).toEqual({ ok: true, value: undefined });
    const messages = release.receive(10);
    expect(messages.map((one) => [one.groupId, JSON.parse(one.body)])).toEqual([
      ['release', { kind: 'release' }],
      ['release', { kind: 'release' }],
    ]);
  });

  it('says when the queue cannot be reached', async () => {
    expect(await queueAt(await scripted('reset')).release()).toMatchObject({
      ok: false,
      code: 'unavailable',
    });
  });
});
