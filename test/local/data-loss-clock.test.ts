import { expect, it, onTestFinished } from 'vitest';
import { deployFunctions } from '../../src/local/functions.ts';
import { startLocalStack } from '../../src/local/stack.ts';
import { hourMs, minuteMs, startMs, testPolicy } from '../support/fleet.ts';

it('keeps a stream for longer over the wire, and says so in Slack', async () => {
  const slack = { channel: 'C0123PAYM', secretId: 'checkpilot/slack' };
  const stack = await startLocalStack({
    seed: 1,
    startMs,
    buckets: ['acme-checkpoints'],
    slackChannels: [slack.channel],
  });
  onTestFinished(() => stack.close());
  stack.world.emr.createApplication({
    applicationId: '00test0000000001',
    name: 'streams',
    releaseLabel: 'emr-7.10.0',
  });
  const diesMs = startMs + 20 * minuteMs;
  stack.world.script('orders', { stream: 'clicks', dieAt: [{ cause: 'user-code-error', atMs: diesMs }] });
  // Shorter than any real stream, so that two hours are enough: it is extended nine hours before the loss.
  stack.world.createStream({ name: 'clicks', retentionMs: 10 * hourMs });
  const orders = {
    source: { kinesis: { stream: 'clicks' } },
    retention: { warnAt: 0.99, extendToMs: 168 * hourMs },
  };
  await stack.publish({ ...testPolicy({ orders }), receivers: [{ name: 'platform', slack }] });
  const host = deployFunctions(stack);
  await stack.time.run({ untilMs: startMs + 2 * hourMs });
  const { journal } = stack.world;
  expect(journal.ofKind('retention-changed')).toMatchObject([{ stream: 'clicks', from: 10, to: 168 }]);
  expect(((journal.ofKind('retention-changed')[0]?.t ?? 0) - diesMs) / hourMs).toBeCloseTo(1, 1);
  expect(stack.apiCalls['kinesis.IncreaseStreamRetentionPeriod']).toBe(1);
  expect(stack.apiCalls['kinesis.DescribeStreamSummary']).toBeLessThan(12);
  // One message for the incident, edited in place: it still calls a person, and names the clock.
  const [head, ...others] = stack.slackPosts.filter(({ threadTs }) => threadTs === undefined);
  expect(others).toEqual([]);
  const shown = JSON.stringify(head);
  expect(shown).toContain('Needs a human: orders');
  expect(shown).toContain('keeps its records for 168 h now instead of 10 h');
  expect(shown).toContain('*Data-loss clock*');
  expect(host.failed).toEqual([]);
});
