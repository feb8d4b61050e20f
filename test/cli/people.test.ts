import { afterEach, describe, expect, it } from 'vitest';
import { as, type DecisionItem } from '../../src/control/items.ts';
import type { Decision } from '../../src/core/decision.ts';
import { deployFunctions } from '../../src/local/functions.ts';
import { type LocalStack, startLocalStack } from '../../src/local/stack.ts';
import { minuteMs, startMs, testPolicy } from '../support/fleet.ts';
import { cli, type Ran } from './support.ts';

const applicationId = '00test0000000001';
let stack: LocalStack | undefined;
afterEach(async () => {
  await stack?.close();
  stack = undefined;
});

/** The whole stack with a healthy and a buggy job, half an hour old, and the command line that talks to it. */
async function running() {
  const local = await startLocalStack({
    seed: 1,
    startMs,
    buckets: ['acme-checkpoints'],
    logs: 'none',
  });
  stack = local;
  local.world.emr.createApplication({ applicationId, name: 'streams', releaseLabel: 'emr-7.10.0' });
  local.world.script('buggy', {
    dieAt: [{ cause: 'user-code-error', atMs: startMs + 5 * minuteMs, times: 1 }],
  });
  await local.publish(testPolicy({ orders: {}, buggy: {} }));
  deployFunctions(local);
  const { settings, aws } = local.runtime('cli');
  const env = {
    USER: 'ana',
    AWS_REGION: settings.region,
    CHECKPILOT_TABLE: settings.table,
    CHECKPILOT_CONTROL_BUCKET: settings.controlBucket,
    CHECKPILOT_WAKE_QUEUE_URL: settings.wakeQueueUrl,
    AWS_ENDPOINT_URL_DYNAMODB: aws.endpoints?.dynamodb,
    AWS_ENDPOINT_URL_S3: aws.endpoints?.s3,
    AWS_ENDPOINT_URL_SQS: aws.endpoints?.sqs,
  };
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  const run = (...args: readonly string[]): Promise<Ran> =>
    cli(args, { env, clock: local.time, aws: { credentials, retries: 'none' } });
  const later = (minutes: number) => local.time.run({ untilMs: local.time.now() + minutes * minuteMs });
  await later(30);
  const causes = (job: string) =>
    local.world.journal
      .ofKind('start-accepted')
      .filter((entry) => entry.job === job)
      .map(({ cause }) => cause);
  return { local, run, later, causes };
}

async function read(local: LocalStack, key: { pk: string; sk: string }) {
  const answer = await local.store.read([key]);
  return answer.ok ? answer.value.items : [];
}

describe('the kill switch', () => {
  it('works without a bucket, a queue or a policy that can be read', async () => {
    const { local } = await running();
    const { settings, aws } = local.runtime('cli');
    const env = {
      AWS_REGION: settings.region,
      AWS_ENDPOINT_URL_DYNAMODB: aws.endpoints?.dynamodb,
      AWS_ENDPOINT_URL_S3: 'http://127.0.0.1:9',
    };
    const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
    const host = { env, clock: local.time, aws: { credentials, retries: 'none' as const } };
    const { code, err } = await cli(['kill', 'on', '--reason', 'drill', '--table', settings.table], host);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    const read = await local.store.read([{ pk: 'CONTROL#fleet', sk: 'CONTROL' }]);
    expect(read.ok && read.value.items[0]).toMatchObject({ killSwitch: true });
  });
});

describe('a name that every object has', () => {
  it('is no job and no word of ours', async () => {
    expect((await cli(['explain', 'constructor'])).code).toBe(64);
    const { run } = await running();
    expect(await run('status', 'constructor')).toMatchObject({
      code: 64,
      err: expect.stringContaining('has no job "constructor"'),
    });
  });
});

describe('the verbs of people against the local stack', () => {
  it('show how each job is, worst first, and say with --check that somebody is needed', async () => {
    const { run } = await running();
    const { code, out } = await run('status', '--check');
    expect(code).toBe(2);
    const lines = out.split('\n').map((line) => line.replace(/ {2,}/g, ' | '));
    expect(lines[0]).toMatch(/^checkpilot \| policy test [0-9a-f]{12}$/);
    expect(lines[3]).toMatch(
      /^! \| buggy \| NEEDS HUMAN \| act \| 00\w+ FAILED \| 0\/3 · 0\/12 \| 0 \| .* ago \| a person: deterministic-failure$/,
    );
    expect(lines[4]).toMatch(/orders \| OK \| act \| 00\w+ RUNNING/);
    const json = JSON.parse((await run('status', 'orders', '--json')).out);
    expect(json).toMatchObject({ killSwitch: false, jobs: [{ job: 'orders', state: 'OK' }] });
  });

  it('explain the last decision about a job, with its time and what would change it', async () => {
    const { run } = await running();
    const { code, out } = await run('explain', 'buggy');
    expect(code).toBe(0);
    expect(out).toMatch(/^dec_\w+ {2}decided \d\d:\d\dZ \(\d+ min ago\)/);
    expect(out).toMatch(
      /, the same \d+ times until \d\d:\d\dZ \(.*ago\)\nWhat was seen and counted is of \d\d:\d\dZ, the clock and what follows of \d\d:\d\dZ\.\n\n/,
    );
    expect(out).toContain('buggy: waits for a person (parked)');
    expect(out).toMatch(/\n {13}parked since .* \(deterministic-failure, user-code-error\): The same input/);
    expect((await run('explain', 'bugy')).err).toContain('Did you mean "buggy"?');
  });

  it('explain a decision that an older release wrote without the secrets that it quoted', async () => {
    const { local, run } = await running();
    const [record] = await read(local, { pk: 'JOB#buggy', sk: 'RECORD' });
    const [item] = await read(local, { pk: 'JOB#buggy', sk: `DECISION#${as('record', record)?.last?.id}` });
    const decision = as('decision', item)?.decision as Decision;
    const { judgement } = decision.verdict;
    const text = 'cannot connect with Map(user -> ana, password -> hunter2), it said';
    const quoting = {
      ...decision,
      verdict: { ...decision.verdict, judgement: { ...judgement, evidence: text } },
    };
    const put = { ...item, decision: quoting } as DecisionItem;
    await local.store.commit([{ put, seenRev: 'any' }]);
    for (const shown of [await run('explain', 'buggy'), await run('explain', 'buggy', '--json')]) {
      expect(shown.out).toContain('user -> ana, password -> [redacted]');
      expect(shown.out).not.toContain('hunter2');
    }
  });

  it('say what stands between the last decision and the one that was hoped for', async () => {
    const { run } = await running();
    const { code, out } = await run('explain', 'buggy', '--why-not', 'restart');
    expect(code).toBe(0);
    expect(out).toMatch(/^buggy: why not restart\?\n {2}decided {4}nothing \(parked\)/);
    expect(out).toContain('✘ parked for');
    expect(out).toContain('✘ class user-code-error: stop-and-page');
    const json = JSON.parse((await run('explain', 'buggy', '--why-not', 'restart', '--json')).out);
    expect(json).toMatchObject({ job: 'buggy', action: 'restart', does: false });
    const wrong = await run('explain', 'buggy', '--why-not', 'dance');
    expect(wrong).toMatchObject({ code: 64, err: expect.stringContaining('restart, start, park, cancel') });
    expect(await run('explain', 'CP2001', '--why-not', 'restart')).toMatchObject({ code: 64 });
  });

  it('stop a job, start it again, and start a parked one only with --override', async () => {
    const { local, run, later, causes } = await running();
    expect((await run('stop', 'orders', '--reason', 'db move')).out).toMatch(
      /^stop orders: ordered; the next pass carries it out/,
    );
    await later(10);
    expect(local.world.journal.ofKind('cancel-accepted')).toHaveLength(1);
    expect((await run('status', 'orders', '--json')).out).toContain('"STOPPED"');
    expect((await run('start', 'orders', '--reason', 'done')).code).toBe(0);
    await later(5);
    expect(causes('orders')).toEqual(['launch', 'operator']);
    const refused = await run('start', 'buggy', '--reason', 'jar fixed');
    expect(refused).toMatchObject({ code: 5, err: expect.stringContaining('say --override') });
    expect((await run('start', 'buggy', '--reason', 'jar fixed', '--override')).code).toBe(0);
    await later(5);
    expect(causes('buggy')).toEqual(['launch', 'operator']);
  });

  it('pause with an end and a reason, and switch everything off and on', async () => {
    const { run } = await running();
    expect(await run('pause', 'orders', '--for', '4h')).toMatchObject({
      code: 64,
      err: expect.stringContaining('--reason'),
    });
    expect(await run('pause', 'orders', '--for', '4', '--reason', 'x')).toMatchObject({
      code: 64,
      err: expect.stringContaining('30m or 4h'),
    });
    expect(await run('pause', 'orders', '--for', '9d', '--reason', 'x')).toMatchObject({
      code: 5,
      err: expect.stringContaining('maxDuration of the policy, 24 h'),
    });
    expect((await run('pause', 'orders', '--for', '4h', '--reason', 'db move')).code).toBe(0);
    expect((await run('status', 'orders')).out).toMatch(/PAUSED.*\(in 4 h\) resumes \(ana: "db move"\)/);
    expect((await run('resume', 'orders')).out).toBe('resume orders: done\n');
    expect((await run('resume', 'orders')).out).toBe('nothing to do: orders is not paused\n');
    expect((await run('kill', 'on', '--reason', 'drill')).code).toBe(0);
    expect((await run('status')).out).toContain('KILL SWITCH ON');
    expect(await run('stop', 'orders', '--reason', 'x')).toMatchObject({
      code: 5,
      err: 'refused: orders cannot be stopped now: the kill switch is on\n',
    });
    expect((await run('kill', 'off', '--reason', 'drill over')).code).toBe(0);
    expect(await run('pause', '--all', '--for', '31d', '--reason', 'x')).toMatchObject({ code: 64 });
    expect(await run('pause', 'orders', '--only', 'restrt', '--for', '1h', '--reason', 'x')).toMatchObject({
      code: 64,
      err: expect.stringContaining('Did you mean "restart"?'),
    });
    expect((await run('pause', 'orders', '--only', 'restart', '--for', '1h', '--reason', 'x')).code).toBe(0);
    expect(await run('stop', 'orders', '--reason', 'x')).toMatchObject({
      code: 5,
      err: expect.stringContaining('this action of the job is paused (ends in 60 min)'),
    });
    expect((await run('resume', 'orders')).code).toBe(0);
    expect((await run('pause', '--all', '--for', '1h', '--reason', 'region drill')).code).toBe(0);
    expect((await run('status')).out).toContain('fleet paused until');
    expect((await run('resume', '--all')).code).toBe(0);
  });

  it('ask before a job in mode suggest is started, by its name or by the plan that was seen', async () => {
    const { local, run, later, causes } = await running();
    await local.publish(testPolicy({ orders: {}, buggy: {}, ledger: { mode: 'suggest' } }));
    await later(3);
    const { jobs } = JSON.parse((await run('status', 'ledger', '--json')).out);
    const { hash } = jobs[0].approval;
    expect(jobs).toMatchObject([{ state: 'NEEDS HUMAN', approval: { state: 'open', action: 'restart' } }]);
    expect((await run('explain', 'ledger')).out).toContain(`plan ${hash}`);
    expect(await run('approve', 'ledger')).toMatchObject({
      code: 64,
      err: expect.stringContaining('--reason'),
    });
    expect(await run('approve', '00000000000', '--reason', 'x')).toMatchObject({
      code: 64,
      err: expect.stringContaining('no job and no plan "00000000000"'),
    });
    expect(await run('approve', 'orders', '--reason', 'x')).toMatchObject({
      code: 5,
      err: expect.stringContaining('orders asks for no approval'),
    });
    expect((await run('status', 'ledger')).out).toContain(`checkpilot approve ${hash} --reason "…", until `);
    const yes = await run('approve', hash, '--reason', 'looks right');
    expect(yes.out).toMatch(/^approve ledger: ordered/);
    expect(yes.out).toContain(`(plan ${hash}: start ledger from launch.spec)`);
    expect(await run('decline', 'ledger', '--reason', 'no', '--by', 'bo')).toMatchObject({ code: 0 });
    await later(5);
    expect(causes('ledger')).toEqual([]);
    expect(await run('approve', hash, '--reason', 'yes')).toMatchObject({
      code: 5,
      err: expect.stringMatching(/bo declined it .* ago .*checkpilot start ledger/),
    });
  });

  it('say which setting is missing, and which word was meant', async () => {
    expect(await cli(['status'])).toMatchObject({
      code: 64,
      err: expect.stringMatching(/CHECKPILOT_TABLE.*not set/),
    });
    const { run } = await running();
    expect(await run('kill', 'maybe', '--reason', 'x')).toMatchObject({
      code: 64,
      err: expect.stringContaining('Allowed choices are on, off'),
    });
    expect(await run('stop', 'order', '--reason', 'x')).toMatchObject({
      code: 64,
      err: expect.stringContaining('Did you mean "orders"?'),
    });
    expect(await run('pause', '--for', '1h', '--reason', 'x')).toMatchObject({
      code: 64,
      err: expect.stringContaining('Name one, or say --all'),
    });
  });
});
