import { describe, expect, it, onTestFinished } from 'vitest';
import { EmrServerlessApplications, parseApplication } from '../../src/aws/emr-serverless-applications.ts';
import { startEmrServerless } from '../../src/local/emr-serverless.ts';
import { createWorld, us } from '../world/support.ts';
import { clientsOf, failing, type ScriptedServer, scripted } from './scripted-server.ts';

const parsed = (application: object) => parseApplication({ application });
const at = (server: ScriptedServer) =>
  new EmrServerlessApplications(clientsOf(server, { retries: 'none' }).emrServerless);

describe('what an application may hold', () => {
  it('is read in whatever spelling the service takes', () => {
    const maximumCapacity = { cpu: '400 vCPU', memory: '3000GB', disk: '20000' };
    expect(parsed({ maximumCapacity, schedulerConfiguration: { maxConcurrentRuns: 15 } })).toEqual({
      ok: true,
      value: { maximum: { vcpu: 400, memoryGb: 3000, diskGb: 20_000 }, runsMax: 15, sparkDefaults: {} },
    });
  });

  it('has no limit where the answer names none', () => {
    expect(parsed({})).toEqual({ ok: true, value: { sparkDefaults: {} } });
    expect(parsed({ maximumCapacity: { cpu: '16 vCPU', memory: '64 GB' } })).toEqual({
      ok: true,
      value: { maximum: { vcpu: 16, memoryGb: 64 }, sparkDefaults: {} },
    });
  });

  it('is not judged where the application sets the sizes of workers itself', () => {
    const maximumCapacity = { cpu: '16 vCPU', memory: '64 GB' };
    const withConf = (key: string) =>
      parsed({
        maximumCapacity,
        runtimeConfiguration: [{ classification: 'spark-defaults', properties: { [key]: '2' } }],
      });
    expect(withConf('spark.executor.cores')).toEqual({
      ok: true,
      value: { sparkDefaults: { 'spark.executor.cores': '2' } },
    });
    expect(withConf('spark.emr-serverless.driver.disk')).toEqual({
      ok: true,
      value: { sparkDefaults: { 'spark.emr-serverless.driver.disk': '2' } },
    });
    expect(withConf('spark.sql.shuffle.partitions')).toMatchObject({ value: { maximum: { vcpu: 16 } } });
  });

  it('comes with the sizes that it gives its workers, and with no other setting of it', () => {
    const sizes = {
      'spark.executor.cores': '8',
      'spark.executor.memory': '54g',
      'spark.executor.memoryOverhead': '4g',
      'spark.emr-serverless.executor.disk': '500g',
      'spark.emr-serverless.executor.disk.type': 'shuffle_optimized',
      'spark.emr-serverless.memoryOverheadFactor': '0.2',
    };
    const foreign = { 'spark.hadoop.fs.s3a.secret.key': 'abc', 'spark.driver.extraJavaOptions': '-Dkey=abc' };
    const answer = parsed({
      runtimeConfiguration: [
        { classification: 'spark-driver-log4j2', properties: { 'spark.executor.memory': '1g' } },
        { classification: 'spark-defaults', properties: { ...sizes, ...foreign } },
      ],
    });
    expect(answer).toEqual({ ok: true, value: { sparkDefaults: sizes } });
  });

  it('is malformed, and says where, when it cannot be read', () => {
    const answer = parsed({ maximumCapacity: { cpu: 'plenty', memory: '64 GB' } });
    expect(answer).toMatchObject({ ok: false, code: 'malformed' });
    expect(!answer.ok && answer.message).toMatch(/^GetApplication: application\.maximumCapacity\.cpu: /);
  });
});

it('an answer that does not come is a failure, not a limit', async () => {
  expect(await at(await scripted(failing('ThrottlingException'))).limits('00app')).toMatchObject({
    ok: false,
    code: 'throttled',
  });
});

it('reads an application of our own EMR Serverless over the wire', async () => {
  const { world, time, applicationId } = createWorld({
    application: { maximumCapacity: { cpu: '24 vCPU', memory: '96 GB' }, maxConcurrentRuns: 2 },
  });
  const server = await startEmrServerless({ emr: world.emr, callerArn: () => us.arn, clock: time });
  onTestFinished(() => server.close());
  const applications = new EmrServerlessApplications(clientsOf(server, { clock: time }).emrServerless);
  expect(await applications.limits(applicationId)).toEqual({
    ok: true,
    value: { maximum: { vcpu: 24, memoryGb: 96 }, runsMax: 2, sparkDefaults: {} },
  });
});
