import { describe, expect, it } from 'vitest';
import { publishPolicy } from '../../src/aws/publish-policy.ts';
import { S3Policies, sha256 } from '../../src/aws/s3-policies.ts';
import { systemClock } from '../../src/aws/system-clock.ts';
import { keys, type PolicyItem } from '../../src/control/items.ts';
import type { JobStore, Log } from '../../src/control/ports.ts';
import type { ResolvedPolicy } from '../../src/core/job.ts';
import { InMemoryJobStore } from '../../src/world/in-memory-job-store.ts';
import { localS3 } from './s3-support.ts';
import { clientsOf, scripted } from './scripted-server.ts';

function policyOf(owner: string): ResolvedPolicy {
  const guardrails = {
    pace: { perSecond: 0.8, burst: 20 },
    pause: { maxDurationMs: 86_400_000, requireReason: true },
  };
  return { name: 'shop', accountId: '111122223333', region: 'us-east-1', owner, jobs: {}, guardrails };
}

async function bench() {
  const { objects, s3 } = await localS3();
  const store = new InMemoryJobStore(systemClock);
  const warnings: string[] = [];
  const log: Log = { info: () => {}, error: () => {}, warn: (message) => void warnings.push(message) };
  const to = { client: s3, bucket: 'control', store };
  return { objects, store, warnings, to, policies: new S3Policies({ ...to, log }), log };
}

async function pointTo(store: JobStore, hash: string, rev: number): Promise<void> {
  const put: PolicyItem = {
    ...keys.policy,
    kind: 'policy',
    schema: 1,
    rev,
    hash,
    key: `policies/${hash}.json`,
  };
  expect(await store.commit([{ put, seenRev: 'any' }])).toEqual({ kind: 'committed' });
}

describe('the policy in force', () => {
  it('is not found before the first apply', async () => {
    const { policies } = await bench();
    expect(await policies.current()).toMatchObject({ ok: false, code: 'not-found' });
  });

  it('is the published one, and the next published one after that', async () => {
    const { policies, to } = await bench();
    for (const policy of [policyOf('shop'), policyOf('platform')]) {
      const published = await publishPolicy(policy, to);
      expect(published.kind).toBe('published');
      const hash = published.kind === 'published' ? published.hash : '';
      expect(await policies.current()).toEqual({ ok: true, value: { policy, hash } });
    }
  });

  it('is read from the bucket once for each hash', async () => {
    const { policies, to, objects } = await bench();
    const published = await publishPolicy(policyOf('shop'), to);
    await policies.current();
    if (published.kind === 'published') objects.delete(`control/policies/${published.hash}.json`);
    expect(await policies.current()).toMatchObject({ ok: true });
  });

  it.each([
    ['is gone', undefined],
    ['was altered', '{"name":"shop","jobs":{},"owner":"mallory"}'],
  ])('stays the last good one when the new object %s, with a warning', async (_case, body) => {
    const { policies, to, store, objects, warnings } = await bench();
    await publishPolicy(policyOf('shop'), to);
    const good = await policies.current();
    const hash = sha256('something else');
    if (body !== undefined) objects.put(`control/policies/${hash}.json`, body, 'api');
    await pointTo(store, hash, 2);
    const kept = await policies.current();
    expect(kept).toMatchObject({ ok: true, value: { ...(good.ok ? good.value : {}), broken: { hash } } });
    expect(warnings).toEqual([
      'the policy in the control bucket is broken; the last good one stays in force',
    ]);
  });

  it.each(['no json', '{"jobs":{}}', '[]'])(
    'is malformed when there is no good one and the object is %s',
    async (body) => {
      const { policies, store, objects } = await bench();
      objects.put(`control/policies/${sha256(body)}.json`, body, 'api');
      await pointTo(store, sha256(body), 1);
      expect(await policies.current()).toMatchObject({ ok: false, code: 'malformed' });
    },
  );

  it('is unavailable, not the old one, while a new one cannot be fetched', async () => {
    const { store, log } = await bench();
    const body = JSON.stringify(policyOf('shop'));
    const server = await scripted({ status: 200, body }, 'reset');
    const client = clientsOf(server, { retries: 'none' }).s3;
    const policies = new S3Policies({ client, bucket: 'control', store, log });
    await pointTo(store, sha256(body), 1);
    expect(await policies.current()).toMatchObject({ ok: true });
    await pointTo(store, sha256('newer'), 2);
    expect(await policies.current()).toMatchObject({ ok: false, code: 'unavailable' });
  });
});

describe('publishing', () => {
  it('names the object by its hash and remembers the policy before', async () => {
    const { to, objects, store } = await bench();
    const first = await publishPolicy(policyOf('shop'), to);
    const second = await publishPolicy(policyOf('platform'), to);
    if (first.kind !== 'published' || second.kind !== 'published') throw new Error('not published');
    expect(second.previousHash).toBe(first.hash);
    const object = objects.get(`control/policies/${second.hash}.json`);
    expect(sha256(object?.body.toString() ?? '')).toBe(second.hash);
    const read = await store.read([keys.policy]);
    expect(read).toMatchObject({
      value: { items: [{ hash: second.hash, previousHash: first.hash, rev: 2 }] },
    });
  });

  it('changes nothing for a policy that differs in the order of its keys only', async () => {
    const { to } = await bench();
    const policy = policyOf('shop');
    const reordered = Object.fromEntries(Object.entries(policy).reverse()) as unknown as ResolvedPolicy;
    await publishPolicy(policy, to);
    expect((await publishPolicy(reordered, to)).kind).toBe('unchanged');
  });

  it('goes back to a policy whose object is there already, without writing it again', async () => {
    const { to, objects } = await bench();
    await publishPolicy(policyOf('shop'), to);
    await publishPolicy(policyOf('platform'), to);
    const writes = objects.mutations.length;
    expect((await publishPolicy(policyOf('shop'), to)).kind).toBe('published');
    expect(objects.mutations).toHaveLength(writes);
  });

  it('lets one of two at the same time win', async () => {
    const { to } = await bench();
    const answers = await Promise.all(['a', 'b', 'c'].map((owner) => publishPolicy(policyOf(owner), to)));
    expect(answers.map((one) => one.kind).sort()).toEqual(['conflict', 'conflict', 'published']);
  });

  it('moves no pointer when the object could not be written', async () => {
    const { store } = await bench();
    const down = clientsOf(await scripted('reset'), { retries: 'none' }).s3;
    const answer = await publishPolicy(policyOf('shop'), { client: down, bucket: 'control', store });
    expect(answer).toMatchObject({ kind: 'failed', failure: { code: 'unavailable' } });
    expect(await store.read([keys.policy])).toMatchObject({ value: { items: [undefined] } });
  });
});
