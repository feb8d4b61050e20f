import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { S3Policies } from '../../src/aws/s3-policies.ts';
import type { Host } from '../../src/cli/host.ts';
import { connect } from '../../src/cli/target.ts';
import { as, keys, type PolicyItem } from '../../src/control/items.ts';
import { type LocalStack, startLocalStack } from '../../src/local/stack.ts';
import { cli, folderWith, policyText, type Ran } from './support.ts';

const log = { info: () => {}, warn: () => {}, error: () => {} };

/** The real commands against the local stack: real SDK, real wire protocols. */
async function bench() {
  // World and machine agree on the time, or the SDK would take each error for a wrong clock.
  const stack = await startLocalStack({ seed: 1, startMs: Date.now(), buckets: [] });
  onTestFinished(() => stack.close());
  const { endpoints } = stack.runtime('apply').aws ?? expect.fail('no endpoints');
  const env = {
    CHECKPILOT_TABLE: 'checkpilot',
    CHECKPILOT_CONTROL_BUCKET: 'checkpilot-control',
    AWS_REGION: 'us-east-1',
    AWS_ENDPOINT_URL_DYNAMODB: endpoints?.dynamodb,
    AWS_ENDPOINT_URL_S3: endpoints?.s3,
  };
  const apply = (
    policy: string | undefined,
    args: readonly string[] = ['--yes'],
    host: Partial<Host> = {},
  ) => {
    const cwd = folderWith(policy === undefined ? {} : { 'policy.yaml': policy });
    return cli(['apply', ...(policy === undefined ? [] : ['policy.yaml']), ...args], { cwd, env, ...host });
  };
  /** Applies and answers with the hash that is in force then. */
  const applied = async (policy: string) => {
    const ran = await apply(policy, ['--yes', '--json']);
    expect(ran).toMatchObject({ code: 0, err: '' });
    return (JSON.parse(ran.out) as { hash: string }).hash;
  };
  const rollback = () => apply(undefined, ['--rollback', '--yes']);
  return { stack, env, apply, applied, rollback };
}

async function pointerOf({ store }: LocalStack): Promise<PolicyItem | undefined> {
  const read = await store.read([keys.policy]);
  return read.ok ? as('policy', read.value.items[0]) : expect.fail(read.message);
}

const one = policyText({ clicks: '' });
const two = policyText({ clicks: 'mode: act', orders: '' });

beforeEach(() => {
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'local');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'local');
  return () => vi.unstubAllEnvs();
});

describe('checkpilot apply', () => {
  it('puts a policy in force under the hash of its content, and says what begins', async () => {
    const { stack, apply } = await bench();
    const { code, out, err } = await apply(one);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    const pointer = await pointerOf(stack);
    expect(out).toBe(`Policy shop   none → ${pointer?.hash.slice(0, 12)}
  + clicks   starts being managed
In force: ${pointer?.hash}
Back again with: checkpilot apply --rollback
`);
    expect(stack.objects.get(`checkpilot-control/policies/${pointer?.hash}.json`)).toBeDefined();
  });

  it('shows what changes by key, and remembers the policy before', async () => {
    const { stack, apply, applied } = await bench();
    const before = await applied(one);
    const { out } = await apply(two);
    const pointer = await pointerOf(stack);
    expect(out).toContain(`${before.slice(0, 12)} → ${pointer?.hash.slice(0, 12)}\n`);
    expect(out).toContain('  ~ clicks\n      mode   "observe" → "act"\n  + orders   starts being managed\n');
    expect(pointer).toMatchObject({ previousHash: before, rev: 2 });
  });

  it('says of a job that is taken out that its run goes on', async () => {
    const { apply, applied } = await bench();
    await applied(two);
    expect((await apply(one)).out).toContain('  - orders   stops being managed, its run goes on\n');
  });

  it('names for machines what was done, and the hash that functions read', async () => {
    const { apply, applied, stack } = await bench();
    const before = await applied(one);
    const { out } = await apply(two, ['--yes', '--json']);
    const { hash } = (await pointerOf(stack)) ?? expect.fail('no pointer');
    expect(JSON.parse(out)).toEqual({
      ok: true,
      kind: 'applied',
      hash,
      previousHash: before,
      changes: {
        jobs: [
          { kind: 'changed', job: 'clicks', keys: [{ path: 'mode', from: 'observe', to: 'act' }] },
          { kind: 'added', job: 'orders' },
        ],
        policy: [],
      },
    });
  });

  it('changes nothing when the policy is in force already', async () => {
    const { stack, apply, applied } = await bench();
    const hash = await applied(one);
    expect(await apply(`${one}# a remark\n`)).toMatchObject({
      code: 0,
      out: `No changes: ${hash} is in force already.\n`,
    });
    expect(await pointerOf(stack)).toMatchObject({ rev: 1 });
  });

  it('writes nothing on a dry run', async () => {
    const { stack, apply } = await bench();
    const { code, out } = await apply(one, ['--dry-run']);
    expect(code).toBe(0);
    expect(out).toMatch(/starts being managed\nNothing was written\.\n$/);
    expect(await pointerOf(stack)).toBeUndefined();
    expect(stack.objects.mutations).toEqual([]);
  });

  it.each([
    ['nobody is there', undefined, 'Nobody is there to say yes.\nSay --yes'],
    ['the answer is no', false, 'You said no.'],
  ])('is refused when %s', async (_case, answer, words) => {
    const { stack, apply } = await bench();
    const { code, err } = await apply(one, [], { confirm: async () => answer });
    expect(code).toBe(5);
    expect(err).toContain(words);
    expect(await pointerOf(stack)).toBeUndefined();
  });

  it('asks a person at a terminal after showing the changes', async () => {
    const { stack, apply } = await bench();
    const confirm = vi.fn(async () => true);
    expect(await apply(one, [], { confirm })).toMatchObject({ code: 0 });
    expect(confirm).toHaveBeenCalledExactlyOnceWith(expect.stringMatching(/^Put policy \w{12} in force\?$/));
    expect(await pointerOf(stack)).toBeDefined();
  });
});

describe('two people who apply at once', () => {
  it('the second is told of the first, and what the first applied stays', async () => {
    const { stack, apply, applied } = await bench();
    await applied(one);
    let first: Ran | undefined;
    // Between what the second person was shown and their yes, somebody else applies.
    const second = await apply(policyText({ clicks: 'tier: 1' }), [], {
      confirm: async () => {
        first = await apply(two);
        return true;
      },
    });
    expect(first).toMatchObject({ code: 0 });
    expect(second.code).toBe(5);
    expect(second.err).toMatch(/^Somebody else changed the policy in force.*\nLook at what is there now/);
    expect(first?.out).toContain((await pointerOf(stack))?.hash ?? 'nothing');
  });

  it('a rollback does not undo what it did not see', async () => {
    const { stack, apply, applied } = await bench();
    await applied(one);
    await applied(two);
    const newest = policyText({ clicks: 'tier: 1' });
    const { code } = await apply(undefined, ['--rollback'], {
      confirm: async () => (await applied(newest)) !== '',
    });
    expect(code).toBe(5);
    expect(await pointerOf(stack)).toMatchObject({ rev: 3 });
  });
});

describe('checkpilot apply --rollback', () => {
  it('goes back to the policy before, and forth again', async () => {
    const { stack, applied, rollback } = await bench();
    const [older, newer] = [await applied(one), await applied(two)];
    const back = await rollback();
    expect(back).toMatchObject({ code: 0, err: '' });
    expect(back.out).toContain('  - orders   stops being managed, its run goes on\n');
    expect(await pointerOf(stack)).toMatchObject({ hash: older, previousHash: newer, rev: 3 });
    expect(await rollback()).toMatchObject({ code: 0 });
    expect(await pointerOf(stack)).toMatchObject({ hash: newer, previousHash: older, rev: 4 });
  });

  it('is refused when nothing was in force before', async () => {
    const { applied, rollback } = await bench();
    await applied(one);
    expect(await rollback()).toMatchObject({
      code: 5,
      err: expect.stringContaining('There is no policy to go back to'),
    });
  });

  it('takes no files, and apply needs some', async () => {
    const { apply } = await bench();
    expect(await apply(one, ['--rollback'])).toMatchObject({ code: 64 });
    expect(await apply(undefined, ['--yes'])).toMatchObject({ code: 64 });
  });
});

describe('an object that somebody altered', () => {
  const objectOf = (hash: string) => `checkpilot-control/policies/${hash}.json`;

  it('leaves the last good policy in force, and apply says so and goes on', async () => {
    const { stack, env, apply, applied } = await bench();
    const { clients, store } = connect({
      table: 'checkpilot',
      bucket: 'checkpilot-control',
      region: 'us-east-1',
      endpoints: { dynamodb: env.AWS_ENDPOINT_URL_DYNAMODB, s3: env.AWS_ENDPOINT_URL_S3 },
    });
    onTestFinished(() => clients.destroy());
    const functions = new S3Policies({ client: clients.s3, bucket: 'checkpilot-control', store, log });
    await applied(one);
    const good = await functions.current();
    const newer = await applied(two);
    stack.objects.put(objectOf(newer), '{"jobs":{}}', 'world');
    expect(await functions.current()).toMatchObject({
      ok: true,
      value: { hash: good.ok && good.value.hash },
    });

    const again = await apply(two);
    expect(again).toMatchObject({ code: 5, err: expect.stringContaining('the last good one still holds') });
    const other = await apply(policyText({ clicks: 'tier: 1' }));
    expect(other).toMatchObject({
      code: 0,
      err: expect.stringContaining('cannot be read, so every job counts as new'),
    });
    expect(await functions.current()).toMatchObject({
      ok: true,
      value: { policy: { jobs: { clicks: { tier: 1 } } } },
    });
  });

  it('is not put in force by its name', async () => {
    const { stack, apply, applied } = await bench();
    const hash = await applied(two);
    const current = await applied(one);
    stack.objects.put(objectOf(hash), '{}', 'world');
    expect(await apply(two)).toMatchObject({ code: 5, err: expect.stringContaining('somebody altered it') });
    expect(await apply(undefined, ['--rollback', '--yes'])).toMatchObject({ code: 5 });
    expect(await pointerOf(stack)).toMatchObject({ hash: current });
  });

  it('that is gone is written again by going back and applying', async () => {
    const { stack, apply, applied, rollback } = await bench();
    await applied(one);
    const hash = await applied(two);
    stack.objects.delete(objectOf(hash), 'world');
    expect(await apply(two)).toMatchObject({ code: 5, err: expect.stringContaining('--rollback') });
    expect(await rollback()).toMatchObject({ code: 0 });
    expect(await applied(two)).toBe(hash);
    expect(stack.objects.get(objectOf(hash))).toBeDefined();
  });
});

describe('a policy that does not belong here', () => {
  it.each([
    ['another Region', policyText({ clicks: '' }, { region: 'eu-west-1' }), [], 'for Region eu-west-1'],
    [
      'another account',
      one,
      ['--account', '999988887777'],
      'for account 111122223333, and this is 999988887777',
    ],
  ])('of %s is refused before anything is asked of AWS', async (_case, policy, args, words) => {
    const { stack, apply } = await bench();
    const calls = { ...stack.apiCalls };
    const { code, err } = await apply(policy, ['--yes', ...args]);
    expect(code).toBe(5);
    expect(err).toContain(words);
    expect(stack.apiCalls).toEqual(calls);
  });

  it('takes the account from the environment as well', async () => {
    const { env, apply } = await bench();
    expect(
      await apply(one, ['--yes'], { env: { ...env, CHECKPILOT_ACCOUNT: '111122223333' } }),
    ).toMatchObject({ code: 0 });
    expect(await apply(two, ['--yes'], { env: { ...env, CHECKPILOT_ACCOUNT: '222' } })).toMatchObject({
      code: 5,
    });
  });

  it('with faults is not applied', async () => {
    const { stack, apply } = await bench();
    const { code, out, err } = await apply(policyText({ clicks: 'mode: always' }));
    expect({ code, out }).toEqual({ code: 3, out: '' });
    expect(err).toContain('CP1004');
    expect(await pointerOf(stack)).toBeUndefined();
  });
});

describe('a renamed job', () => {
  const renamed = policyText({ 'clicks-v2': 'renamedFrom: clicks' });

  it('goes on under its new name, and may say so for ever', async () => {
    const { apply, applied } = await bench();
    await applied(one);
    const { code, out } = await apply(renamed);
    expect(code).toBe(0);
    expect(out).toContain('  ~ clicks-v2   was clicks; its history, budget and checkpoint go on\n');
    expect(out).not.toContain('stops being managed');
    expect(await apply(renamed.replace('owner: team', 'owner: other'))).toMatchObject({ code: 0 });
  });

  it('is refused when nothing here was ever called that', async () => {
    const { stack, apply, applied } = await bench();
    const hash = await applied(one);
    const { code, err } = await apply(policyText({ 'clicks-v2': 'renamedFrom: click' }));
    expect(code).toBe(5);
    expect(err).toContain('Job "clicks-v2" says renamedFrom "click", and nothing here was ever called that');
    expect(await pointerOf(stack)).toMatchObject({ hash });
  });

  it('may come from a job that is only known from its record', async () => {
    const { stack, apply } = await bench();
    const record = { ...keys.record('clicks'), kind: 'record', schema: 1, rev: 1 } as never;
    expect(await stack.store.commit([{ put: record, seenRev: 'absent' }])).toEqual({ kind: 'committed' });
    expect(await apply(renamed)).toMatchObject({ code: 0 });
  });
});

describe('a deployment that cannot be reached', () => {
  it('names every setting that is missing', async () => {
    const { apply } = await bench();
    const { code, err } = await apply(one, ['--yes'], { env: {} });
    expect(code).toBe(64);
    for (const name of ['--table', '--bucket', '--region', 'CHECKPILOT_TABLE', 'AWS_REGION'])
      expect(err).toContain(name);
  });

  it.each([
    ['table', ['--table', 'nowhere'], /^table nowhere: .*\nCheck the names and the Region/],
    ['bucket', ['--bucket', 'nowhere'], /^bucket nowhere: .*\nCheck the names and the Region/],
    [
      'service',
      ['--endpoint-url', 'http://127.0.0.1:9'],
      /^table checkpilot: no connection .*ECONNREFUSED.*\nCheck the network/,
    ],
  ])('ends with 1 and what to do: no such %s', async (_case, args, words) => {
    const { stack, apply } = await bench();
    const { code, err } = await apply(one, ['--yes', ...args]);
    expect({ code, err }).toEqual({ code: 1, err: expect.stringMatching(words) });
    expect(await pointerOf(stack)).toBeUndefined();
  });
});
