import { afterEach, describe, expect, it } from 'vitest';
import type { Notice } from '../../src/control/ports.ts';
import type { ResolvedJob } from '../../src/core/job.ts';
import { deployFunctions } from '../../src/local/functions.ts';
import { type LocalStack, type LocalStackOptions, startLocalStack } from '../../src/local/stack.ts';
import { hourMs, minuteMs, startMs, testPolicy } from '../support/fleet.ts';

const applicationId = '00test0000000001';
let stack: LocalStack | undefined;
afterEach(async () => {
  await stack?.close();
  stack = undefined;
});

async function start(options: Partial<LocalStackOptions> = {}, job: Partial<ResolvedJob> = {}) {
  const notices: Notice[] = [];
  const onNotice = (notice: Notice) => notices.push(notice);
  stack = await startLocalStack({ seed: 1, startMs, buckets: ['acme-checkpoints'], onNotice, ...options });
  stack.world.emr.createApplication({ applicationId, name: 'streams', releaseLabel: 'emr-7.10.0' });
  stack.world.script('orders', { dieAt: [{ cause: 'worker-lost', atMs: startMs + 20 * minuteMs }] });
  await stack.publish(testPolicy({ orders: job }));
  const host = deployFunctions(stack);
  return { stack, host, notices };
}

// Hours of world time over real protocols: a quarter of a minute, and several on a machine that does much else.
describe('the real handlers on the local stack', { timeout: 300_000 }, () => {
  it('bring a dead job back over real wire protocols, from the event to committed batches', async () => {
    const { stack, host, notices } = await start();
    await stack.time.run({ untilMs: startMs + 2 * hourMs });
    const { journal } = stack.world;
    expect(journal.ofKind('start-accepted').map(({ cause }) => cause)).toEqual(['launch', 'restart']);
    expect(journal.ofKind('double-writer')).toEqual([]);
    expect(notices.map(({ event }) => event)).toEqual(['incident.opened', 'incident.recovered']);
    expect(host.failed).toEqual([]);
    expect(stack.queue('WakeDeadLetters').counts()).toEqual({ visible: 0, inFlight: 0, delayed: 0 });
    const batches = journal.ofKind('batch-committed').map(({ batch }) => batch);
    expect(batches).toEqual([...batches.keys()]);
  });

  it('sends a start whose answer was lost once more with the same token, and makes one run of it', async () => {
    let lost = 0;
    const { stack } = await start({
      fault: ({ operation }) =>
        operation === 'StartJobRun' && lost++ < 2 ? { kind: 'reset-after' } : undefined,
    });
    await stack.time.run({ untilMs: startMs + 15 * minuteMs });
    expect(stack.world.journal.ofKind('start-accepted')).toHaveLength(1);
    expect(stack.world.journal.ofKind('start-replayed').length).toBeGreaterThan(0);
    expect(stack.world.journal.ofKind('double-writer')).toEqual([]);
  });

  it('writes nothing under a checkpoint', async () => {
    const { stack } = await start();
    await stack.time.run({ untilMs: startMs + hourMs });
    const ours = stack.objects.mutations.filter(({ writer }) => writer === 'api').map(({ key }) => key);
    expect(ours.filter((key) => !key.startsWith('checkpilot-control/'))).toEqual([]);
  });

  it('sends no mutating call in mode observe', async () => {
    const { stack } = await start({}, { mode: 'observe' });
    const request = testPolicy({ orders: {} }).jobs.orders?.launch;
    stack.world.emr.startJobRun({ ...(request as never as object), clientToken: 'ana' } as never, {
      arn: 'arn:aws:iam::111122223333:user/ana',
    });
    await stack.time.run({ untilMs: startMs + hourMs });
    const sent = Object.keys(stack.apiCalls).filter((call) => call.startsWith('emr-serverless.'));
    expect(sent.sort()).toEqual(
      ['GetApplication', 'GetJobRun', 'ListJobRuns'].map((call) => `emr-serverless.${call}`),
    );
    expect(stack.world.journal.ofKind('run-state').at(-1)?.state).toBe('FAILED');
  });

  it('keeps an event that it cannot read with its failure destination, after three tries', async () => {
    const { stack, host } = await start({ logs: 'none' });
    host.invokeAsync('job-event', {
      source: 'aws.emr-serverless',
      'detail-type': 'EMR Serverless Job Run State Change',
      detail: { state: 'FAILED' },
    });
    await stack.time.run({ untilMs: startMs + 10 * minuteMs });
    expect(host.failed).toHaveLength(1);
    expect(host.failed[0]?.message).toMatch(/detail\.jobRunId: .*detail\.applicationId/);
    const [letter] = stack.queue('DoorDeadLetters').receive(10);
    expect(JSON.parse(letter?.body ?? '')).toMatchObject({
      requestContext: { condition: 'RetriesExhausted', approximateInvokeCount: 3 },
      requestPayload: { source: 'aws.emr-serverless', detail: { state: 'FAILED' } },
      responsePayload: { errorMessage: expect.stringContaining('detail.jobRunId') },
    });
  });

  it('keeps a wake message that it cannot read in the dead-letter queue, and goes on with the others', async () => {
    const { stack } = await start({ logs: 'none' });
    stack.queue('WakeQueue').send({ body: '{"kind":"nonsense"}' });
    await stack.time.run({ untilMs: startMs + 8 * hourMs });
    const { visible, inFlight } = stack.queue('WakeDeadLetters').counts();
    expect(visible + inFlight).toBe(1);
    expect(stack.world.journal.ofKind('start-accepted')).toHaveLength(2);
  });

  it('gives wakes that died of an outage another try once it is over', async () => {
    const downMs = { from: startMs + 2 * hourMs, to: startMs + 10 * hourMs };
    const isDown = () => {
      const nowMs = stack?.time.now() ?? startMs;
      return nowMs >= downMs.from && nowMs < downMs.to;
    };
    const started = await start({
      logs: 'none',
      fault: ({ service }) => (service === 'dynamodb' && isDown() ? { kind: 'internal-error' } : undefined),
    });
    const deadLetters = started.stack.queue('WakeDeadLetters');
    const wake = started.stack.queue('WakeQueue');
    await started.stack.time.run({ untilMs: downMs.from });
    wake.send({ body: JSON.stringify({ kind: 'job', job: 'orders', cause: 'test' }) });
    let died = 0;
    deadLetters.onChange(() => {
      died += deadLetters.counts().visible;
    });
    await started.stack.time.run({ untilMs: downMs.to - 1 });
    expect(died).toBeGreaterThan(0);
    await started.stack.time.run({ untilMs: downMs.to + 5 * minuteMs });
    expect(deadLetters.counts()).toEqual({ visible: 0, inFlight: 0, delayed: 0 });
  });
});
