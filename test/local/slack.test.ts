import { afterEach, describe, expect, it } from 'vitest';
import { deployFunctions } from '../../src/local/functions.ts';
import type { Fault } from '../../src/local/http-server.ts';
import { type LocalStack, startLocalStack } from '../../src/local/stack.ts';
import { hourMs, minuteMs, startMs, testPolicy } from '../support/fleet.ts';

const applicationId = '00test0000000001';
const slack = { channel: 'C0123PAYM', secretId: 'checkpilot/slack' };
let stack: LocalStack | undefined;
afterEach(async () => {
  await stack?.close();
  stack = undefined;
});

/** The whole stack with a job that loses a worker after 20 minutes, and a policy that names a Slack channel. */
async function start(fault?: (call: { service: string; nowMs: number }) => Fault | undefined) {
  const local = await startLocalStack({
    seed: 1,
    startMs,
    buckets: ['acme-checkpoints'],
    slackChannels: [slack.channel],
    logs: 'none',
    fault: ({ service }) => fault?.({ service, nowMs: stack?.time.now() ?? startMs }),
  });
  stack = local;
  local.world.emr.createApplication({ applicationId, name: 'streams', releaseLabel: 'emr-7.10.0' });
  local.world.script('orders', { dieAt: [{ cause: 'worker-lost', atMs: startMs + 20 * minuteMs }] });
  await local.publish({ ...testPolicy({ orders: {} }), receivers: [{ name: 'platform', slack }] });
  deployFunctions(local);
  const restarts = () =>
    local.world.journal.ofKind('start-accepted').filter(({ cause }) => cause === 'restart');
  const roots = () => local.slackPosts.filter(({ threadTs }) => threadTs === undefined);
  return { local, restarts, roots };
}

describe('Slack, over its own protocol, from the local stack', () => {
  it('shows a death and its recovery as one message that was edited', async () => {
    const { local, roots } = await start();
    await local.time.run({ untilMs: startMs + 2 * hourMs });
    expect(roots()).toHaveLength(1);
    expect(roots()[0]).toMatchObject({
      edits: 1,
      text: expect.stringMatching(/^Recovered: orders: healthy again/),
    });
    expect(local.events.map(({ source, detailType }) => `${source} ${detailType}`)).toEqual(
      expect.arrayContaining([
        'checkpilot Checkpilot Decision Made',
        'checkpilot Checkpilot Incident Opened',
        'checkpilot Checkpilot Incident Closed',
      ]),
    );
  });

  it.each([
    ['down', { kind: 'reset-before' }],
    ['out of order inside', { kind: 'internal-error' }],
    ['limiting our rate', { kind: 'throttle' }],
  ] as const)('holds up no restart while it is %s, and has everything afterwards', async (_what, fault) => {
    const backMs = startMs + 70 * minuteMs;
    const { local, restarts, roots } = await start(({ service, nowMs }) =>
      service === 'slack' && nowMs < backMs ? fault : undefined,
    );
    await local.time.run({ untilMs: backMs - 1 });
    const end = local.world.journal.ofKind('run-state').find(({ state }) => state === 'FAILED');
    expect((restarts()[0]?.t ?? Number.POSITIVE_INFINITY) - (end?.t ?? 0)).toBeLessThan(60_000);
    expect(roots()).toEqual([]);
    await local.time.run({ untilMs: backMs + 5 * minuteMs });
    expect(roots()).toHaveLength(1);
    expect(roots()[0]?.text).toMatch(/^Recovered:/);
    const outbox = await local.store.list('OUTBOX#0', { limit: 10 });
    expect(outbox.ok && outbox.value).toEqual([]);
  });

  it('holds up nothing while its token cannot be read', async () => {
    const backMs = startMs + 70 * minuteMs;
    const { local, restarts, roots } = await start(({ service, nowMs }) =>
      service === 'secretsmanager' && nowMs < backMs ? { kind: 'throttle' } : undefined,
    );
    await local.time.run({ untilMs: backMs - 1 });
    expect([restarts().length, roots().length]).toEqual([1, 0]);
    await local.time.run({ untilMs: backMs + 5 * minuteMs });
    expect(roots()).toHaveLength(1);
  });
});
