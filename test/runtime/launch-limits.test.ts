import { describe, expect, it } from 'vitest';
import type { JobRuns } from '../../src/control/ports.ts';
import type { LaunchRequest } from '../../src/core/launch-request.ts';
import { withLaunchLimits } from '../../src/runtime/launch-limits.ts';

const prefixes = ['s3://acme-artifacts/streaming/'];
const terms = { clientToken: 't', notAfterMs: 0 };

function request(entryPoint: string, sparkSubmitParameters?: string): LaunchRequest {
  const sparkSubmit = { entryPoint, ...(sparkSubmitParameters ? { sparkSubmitParameters } : {}) };
  return {
    applicationId: '00a',
    executionRoleArn: 'arn:aws:iam::111122223333:role/streaming-job',
    name: 'orders',
    mode: 'STREAMING',
    jobDriver: { sparkSubmit },
  };
}

const started: JobRuns = {
  get: async () => ({ ok: false, code: 'not-found', message: '' }),
  list: async () => ({ ok: false, code: 'not-found', message: '' }),
  cancel: async () => ({ kind: 'accepted' }),
  start: async () => ({ kind: 'accepted', jobRunId: '00r' }),
};

describe('launch prefixes', () => {
  const inside = 's3://acme-artifacts/streaming/1.0.0/main.py';

  it.each([
    ['its entry point', request('s3://elsewhere/main.py')],
    ['a neighbour of the prefix', request('s3://acme-artifacts/streaming-evil/main.py')],
    ['a jar', request(inside, '--jars s3://acme-artifacts/streaming/a.jar,s3://elsewhere/b.jar')],
    ['Python files', request(inside, '--py-files=s3://elsewhere/b.zip')],
    ['a setting', request(inside, '--conf spark.jars=s3://elsewhere/b.jar')],
    ['a quoted setting', request(inside, `--conf 'spark.submit.pyFiles=s3://elsewhere/b.zip'`)],
    ['a way up and out', request('s3://acme-artifacts/streaming/../evil/main.py')],
    [
      'the configuration of the application',
      {
        ...request(inside),
        configurationOverrides: {
          applicationConfiguration: [
            { classification: 'spark-defaults', properties: { 'spark.jars': 's3://elsewhere/b.jar' } },
          ],
        },
      },
    ],
    ['a package of Maven', request(inside, '--packages org.example:evil:1.0')],
  ])('keep a run from starting that brings code in by %s', async (_what, wanted) => {
    const answer = await withLaunchLimits(started, prefixes).start(wanted, terms);
    expect(answer).toMatchObject({ kind: 'refused', code: 'outside-launch-prefixes' });
    expect(answer.kind === 'refused' && answer.message).toContain('LaunchPrefixes');
  });

  it.each([
    ['code under a prefix', request(inside, '--jars s3://acme-artifacts/streaming/a.jar')],
    ['data anywhere', request(inside, '--conf spark.sql.warehouse.dir=s3://elsewhere/warehouse')],
  ])('let a run start with %s', async (_what, wanted) => {
    expect(await withLaunchLimits(started, prefixes).start(wanted, terms)).toMatchObject({
      kind: 'accepted',
    });
  });

  it('set no limit where the stack names none', () => {
    expect(withLaunchLimits(started, [])).toBe(started);
  });
});
