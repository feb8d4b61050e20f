import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { deployFunctions } from '../../src/local/functions.ts';
import { type LocalStack, startLocalStack } from '../../src/local/stack.ts';
import { hourMs, minuteMs, startMs, testPolicy } from '../support/fleet.ts';

const applicationId = '00test0000000001';
const secrets = [
  'AKIAIOSFODNN7EXAMPLE',
  'hunter2-is-not-safe',
  'xoxb-1234-abcdefghijkl',
  'swordfish',
  'MIIEvQIBADANBg',
  'c2hvcnQ=',
];
let stack: LocalStack | undefined;
afterEach(async () => {
  await stack?.close();
  stack = undefined;
});

describe('a driver log with secrets in it', () => {
  it('is judged, and none of them reaches the table, Slack or the bus', async () => {
    const slack = { channel: 'C0123PAYM', secretId: 'checkpilot/slack' };
    const local = await startLocalStack({
      seed: 1,
      startMs,
      buckets: ['acme-checkpoints', 'acme-logs'],
      slackChannels: [slack.channel],
    });
    stack = local;
    local.world.emr.createApplication({ applicationId, name: 'streams', releaseLabel: 'emr-7.10.0' });
    local.world.script('orders', {
      dieAt: [{ cause: 'no-evidence', atMs: startMs + 20 * minuteMs, times: 2 }],
    });
    const policy = testPolicy({ orders: {} });
    const { orders } = policy.jobs;
    const launch = {
      ...(orders?.launch ?? expect.fail('no launch')),
      configurationOverrides: {
        monitoringConfiguration: { s3MonitoringConfiguration: { logUri: 's3://acme-logs/' } },
      },
    };
    await local.publish({
      ...policy,
      jobs: { orders: { ...(orders ?? expect.fail('no job')), launch } },
      receivers: [{ name: 'platform', slack }],
    });
    deployFunctions(local);
    local.world.emr.onEvent(({ detail }) => {
      if (detail.state !== 'FAILED') return;
      const [key, password, token, another, first, last] = secrets;
      const block = `-----BEGIN PRIVATE KEY-----\n${first}\n${last}\n-----END PRIVATE KEY-----\n`;
      const text = `${block}26/11/22 20:20:00 ERROR Query: org.postgresql.util.PSQLException: FATAL: password=${password} key ${key} token ${token} rejected: password authentication failed for user "etl" with Map(user -> etl, password -> ${another})\n${block}`;
      const folder = `acme-logs/applications/${applicationId}/jobs/${detail.jobRunId}`;
      local.objects.put(`${folder}/attempts/9/SPARK_DRIVER/stderr.gz`, gzipSync(text), 'world');
    });
    await local.time.run({ untilMs: startMs + hourMs });

    const decisions = await local.store.list('JOB#orders', { limit: 100 });
    const outbox = await local.store.list('OUTBOX#0', { limit: 100 });
    const everything = JSON.stringify([decisions, outbox, local.slackPosts, local.events]);
    expect(everything).toContain('authentication failed');
    for (const secret of secrets) expect(everything).not.toContain(secret);
  });
});
