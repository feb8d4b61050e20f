import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type LocalStack, startLocalStack } from '../../src/local/stack.ts';
import { unpacked } from '../support/bundles.ts';
import { evaluated, type Template } from '../support/cloudformation.ts';
import { testPolicy } from '../support/fleet.ts';
import type { Packaged } from '../support/package.ts';

const fixture = (path: string): unknown =>
  JSON.parse(readFileSync(new URL(`../fixtures/${path}.json`, import.meta.url), 'utf8'));
const messages = (body: object) => ({
  Records: [{ messageId: 'm-1', receiptHandle: 'r-1', eventSource: 'aws:sqs', body: JSON.stringify(body) }],
});

/** What wakes each function in AWS. */
const eventOf: Readonly<Record<string, unknown>> = {
  'job-event': fixture('events/job-run-state-change'),
  alarm: fixture('alarms/metric'),
  reconcile: messages({ kind: 'job', job: 'orders', cause: 'due' }),
  release: messages({}),
  notify: messages({}),
  sweep: { source: 'aws.events', 'detail-type': 'Scheduled Event' },
};

/** As Lambda does it: import the module that the handler names, call `handler` with an event and a context. */
const runtime = `
const [file, name, event] = process.argv.slice(1);
const { handler } = await import(file);
const context = { functionName: 'checkpilot-' + name, functionVersion: '$LATEST', awsRequestId: 'request-1',
  invokedFunctionArn: 'arn:aws:lambda:us-east-1:111122223333:function:checkpilot-' + name,
  memoryLimitInMB: '512', getRemainingTimeInMillis: () => 60000 };
const answer = await handler(JSON.parse(event), context);
process.stdout.write(JSON.stringify({ answer: answer ?? null }) + '\\n');
process.exit(0);`;

/** Metrics in CloudWatch's embedded format: one JSON object on a line of the log. */
interface Embedded {
  readonly service: string;
  readonly _aws: {
    readonly CloudWatchMetrics: readonly {
      readonly Namespace: string;
      readonly Dimensions: readonly (readonly string[])[];
      readonly Metrics: readonly { readonly Name: string; readonly Unit: string }[];
    }[];
  };
}

export function describeInLambda(pack: () => Packaged): void {
  describe('in a bare Node with the environment that the template gives it', { timeout: 300_000 }, () => {
    it('each packaged handler does its work, logs structured lines and emits what alarms and dashboard watch', async () => {
      const stack = await startLocalStack({
        seed: 1,
        startMs: Date.now(),
        buckets: ['acme-checkpoints'],
        logs: 'none',
      });
      onTestFinished(() => stack.close());
      await stack.publish(testPolicy({ orders: {} }));
      const { template } = pack();
      const files = unpacked(pack(), Object.keys(eventOf));
      const emitted = new Set<string>();
      for (const [name, file] of files) {
        const env = environmentOf(template, name, stack);
        const lines = await invoke(file, { name, event: eventOf[name], env });
        const { answer } = lines.pop() as { answer: unknown };
        const isQueue = Object.hasOwn(eventOf[name] as object, 'Records');
        expect({ name, answer }).toEqual({ name, answer: isQueue ? { batchItemFailures: [] } : null });
        const logged = lines.filter((line) => !('_aws' in line));
        for (const line of logged)
          expect(line).toMatchObject({ service: `checkpilot-${name}`, function_request_id: 'request-1' });
        for (const { service, _aws } of lines.filter(isEmbedded))
          for (const { Namespace, Dimensions, Metrics } of _aws.CloudWatchMetrics) {
            expect([Namespace, Dimensions]).toEqual(['Checkpilot', [['service']]]);
            for (const { Name } of Metrics) emitted.add(`${Name} of ${service}`);
          }
      }
      expect(stack.queue('WakeQueue').counts()).toMatchObject({ visible: expect.any(Number) });
      expect(await decisionsAbout(stack, 'orders')).toBeGreaterThan(0);
      // A pass that throws, what follows a failure, and passes by the sweep are not part of a quiet minute.
      const rare =
        /^(?:PassesFailed|StartsWished|StartsClaimed|CancelsClaimed|JobsParked|EndToStartMs) |^Passes of sweep$/;
      const watched = watchedIn(template);
      expect([...watched].filter((what) => !rare.test(what)).filter((what) => !emitted.has(what))).toEqual(
        [],
      );
    });
  });
}

async function decisionsAbout(stack: LocalStack, job: string): Promise<number> {
  const listed = await stack.store.list(`JOB#${job}`, { limit: 10, skPrefix: 'DECISION#' });
  return listed.ok ? listed.value.length : expect.fail(listed.message);
}

function isEmbedded(line: object): line is Embedded {
  return '_aws' in line;
}

/** `METRIC of SERVICE` for every metric of our own that an alarm or the dashboard reads. */
function watchedIn(template: Template): ReadonlySet<string> {
  const watched = new Set<string>();
  for (const { Type, Properties } of Object.values(evaluated(template))) {
    if (Type === 'AWS::CloudWatch::Alarm' && Properties.Namespace === 'Checkpilot') {
      const [dimension] = Properties.Dimensions as { Value: string }[];
      watched.add(`${Properties.MetricName} of ${dimension?.Value}`);
    }
    if (Type !== 'AWS::CloudWatch::Dashboard') continue;
    const { widgets } = JSON.parse(String(Properties.DashboardBody)) as {
      widgets: { properties: { metrics?: string[][] } }[];
    };
    for (const [namespace, name, , service] of widgets.flatMap(({ properties }) => properties.metrics ?? []))
      if (namespace === 'Checkpilot') watched.add(`${name} of ${service}`);
  }
  return watched;
}

/** The variables of the template with what its references come to here, and what Lambda itself adds. */
function environmentOf(template: Template, name: string, stack: LocalStack): Record<string, string> {
  const { settings, aws } = stack.runtime(name);
  const references: Readonly<Record<string, string | undefined>> = {
    '<Table>': settings.table,
    '<ControlBucket>': settings.controlBucket,
    '<WakeQueue>': settings.wakeQueueUrl,
    '<ReleaseQueue>': settings.releaseQueueUrl,
    '<NotifyQueue>': settings.notifyQueueUrl,
    '<WakeDeadLetters>': settings.deadLettersUrl,
  };
  const own = Object.values(evaluated(template)).find(
    ({ Properties }) => Properties.FunctionName === `checkpilot-${name}` && Properties.Handler,
  );
  const { Properties } = own ?? expect.fail(`no function ${name}`);
  const { Variables } = Properties.Environment as { Variables: Record<string, string> };
  const endpoints = Object.entries(aws.endpoints ?? {}).map(([service, url]) => {
    const words = service.replace(/([A-Z])/g, '_$1').toUpperCase();
    return [`AWS_ENDPOINT_URL_${words === 'EVENT_BRIDGE' ? 'EVENTBRIDGE' : words}`, url ?? ''];
  });
  return {
    ...Object.fromEntries(Object.entries(Variables).map(([key, value]) => [key, references[value] ?? value])),
    ...Object.fromEntries(endpoints),
    AWS_LAMBDA_FUNCTION_NAME: `checkpilot-${name}`,
    AWS_REGION: settings.region,
    AWS_ACCESS_KEY_ID: name,
    AWS_SECRET_ACCESS_KEY: 'local',
  };
}

async function invoke(
  file: string,
  { name, event, env }: { name: string; event: unknown; env: Record<string, string> },
): Promise<object[]> {
  const args = ['--input-type=module', '-e', runtime, pathToFileURL(file).href, name, JSON.stringify(event)];
  const child = spawn(process.execPath, args, { env, cwd: '/' });
  let [out, err] = ['', ''];
  child.stdout.on('data', (chunk) => {
    out += chunk;
  });
  child.stderr.on('data', (chunk) => {
    err += chunk;
  });
  const code = await new Promise((resolve) => child.on('close', resolve));
  if (code !== 0) expect.fail(`${name} ended with ${code}:\n${out}\n${err}`);
  return out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as object);
}
