import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { LaunchRequest } from '../../src/core/launch-request.ts';
import { withWorkers, workerSpec } from '../../src/core/workers.ts';
import { launchRequest } from '../../src/launch/request.ts';
import { jobSchema } from '../../src/policy/schema.ts';
import { sparkConf } from '../../src/world/spark-request.ts';

const required = {
  executionRoleArn: 'arn:aws:iam::111122223333:role/iot',
  entryPoint: 's3://code/iot/2.4.1/main.py',
};

function request(spec: object, job: object = {}): LaunchRequest {
  const parsed = jobSchema.parse({
    match: { application: { id: '00f1cbsc6anuij25' } },
    checkpoint: { location: 's3://bucket/iot/' },
    launch: { spec: { ...required, ...spec } },
    ...job,
  });
  if (!parsed.launch) throw new Error('no launch');
  return launchRequest({ ...parsed, name: 'iot-ingest', launch: parsed.launch });
}

function confOf(made: LaunchRequest): Map<string, string> {
  return sparkConf(made.jobDriver.sparkSubmit.sparkSubmitParameters ?? '');
}

describe('launchRequest', () => {
  it('writes everything that launch.spec can say', () => {
    const spec = {
      arguments: ['--stream', 'iot', '--checkpoint', 's3://bucket/iot/'],
      jars: ['/usr/share/aws/kinesis/connector.jar', 's3://code/udf.jar'],
      driver: { cores: 4, memory: '14g', disk: '20g' },
      executor: { cores: 8, memory: '27g', disk: '40g' },
      dynamicAllocation: { enabled: true, executorAllocationRatio: 0.7, shuffleTracking: { timeout: '5m' } },
      sparkConf: { 'spark.metrics.namespace': 'iot', 'spark.executor.extraJavaOptions': '-Da=1 -Db=2' },
      monitoring: {
        s3: { logUri: 's3://logs/emr/' },
        prometheus: { remoteWriteUrl: 'https://aps.example.com/api/v1/remote_write' },
        cloudWatch: { logGroupName: '/emr/iot' },
      },
      tags: { env: 'prod' },
    };
    const job = { restart: { nativeRetries: 2 }, scaling: { executors: { min: 2, max: 40 } } };
    expect(request(spec, job)).toMatchInlineSnapshot(`
      {
        "applicationId": "00f1cbsc6anuij25",
        "configurationOverrides": {
          "monitoringConfiguration": {
            "cloudWatchLoggingConfiguration": {
              "enabled": true,
              "logGroupName": "/emr/iot",
            },
            "prometheusMonitoringConfiguration": {
              "remoteWriteUrl": "https://aps.example.com/api/v1/remote_write",
            },
            "s3MonitoringConfiguration": {
              "logUri": "s3://logs/emr/",
            },
          },
        },
        "executionRoleArn": "arn:aws:iam::111122223333:role/iot",
        "jobDriver": {
          "sparkSubmit": {
            "entryPoint": "s3://code/iot/2.4.1/main.py",
            "entryPointArguments": [
              "--stream",
              "iot",
              "--checkpoint",
              "s3://bucket/iot/",
            ],
            "sparkSubmitParameters": "--jars /usr/share/aws/kinesis/connector.jar,s3://code/udf.jar --conf spark.driver.cores=4 --conf spark.driver.memory=14g --conf spark.emr-serverless.driver.disk=20g --conf spark.executor.cores=8 --conf spark.executor.memory=27g --conf spark.emr-serverless.executor.disk=40g --conf spark.dynamicAllocation.enabled=true --conf spark.dynamicAllocation.minExecutors=2 --conf spark.dynamicAllocation.maxExecutors=40 --conf spark.dynamicAllocation.initialExecutors=3 --conf spark.dynamicAllocation.executorAllocationRatio=0.7 --conf spark.dynamicAllocation.shuffleTracking.timeout=300s --conf spark.metrics.namespace=iot --conf "spark.executor.extraJavaOptions=-Da=1 -Db=2"",
          },
        },
        "mode": "STREAMING",
        "name": "iot-ingest",
        "retryPolicy": {
          "maxFailedAttemptsPerHour": 2,
        },
        "tags": {
          "env": "prod",
        },
      }
    `);
  });

  it('needs no more than a role and an entry point', () => {
    expect(request({})).toEqual({
      applicationId: '00f1cbsc6anuij25',
      executionRoleArn: required.executionRoleArn,
      name: 'iot-ingest',
      mode: 'STREAMING',
      jobDriver: {
        sparkSubmit: { entryPoint: required.entryPoint, sparkSubmitParameters: expect.any(String) },
      },
      retryPolicy: { maxFailedAttemptsPerHour: 3 },
    });
  });

  it('always bounds the executors, and starts with three as far as the bounds allow', () => {
    const bounds = (executors: object) => {
      const conf = confOf(request({}, { scaling: { executors } }));
      return ['min', 'max', 'initial'].map((name) =>
        Number(conf.get(`spark.dynamicAllocation.${name}Executors`)),
      );
    };
    expect(bounds({})).toEqual([1, 64, 3]);
    expect(bounds({ max: 2 })).toEqual([1, 2, 2]);
    expect(bounds({ min: 8 })).toEqual([8, 64, 8]);
  });

  it('gives a job without dynamic allocation its maximum from the start', () => {
    const conf = confOf(
      request({ dynamicAllocation: { enabled: false } }, { scaling: { executors: { max: 5 } } }),
    );
    expect(conf.get('spark.dynamicAllocation.enabled')).toBe('false');
    expect(conf.get('spark.executor.instances')).toBe('5');
  });

  it('is read back and resized by core', () => {
    const made = request({ executor: { cores: 4, memory: '14g', disk: '20g' } });
    expect(workerSpec(made, 'executor')).toEqual({ cores: 4, memory: '14g', disk: '20g' });
    const grown = withWorkers(made, { executor: { cores: 8, memory: '27g', disk: '20g' } });
    expect(workerSpec(grown, 'executor')).toEqual({ cores: 8, memory: '27g', disk: '20g' });
  });

  it('quotes values so that they come out of the splitter as they went in', () => {
    const value = fc.string({ unit: fc.constantFrom('a', '=', ' ', '"', "'", '\\', ',', '$'), minLength: 1 });
    fc.assert(
      fc.property(value, (text) => {
        const parameters =
          request({ sparkConf: { 'spark.x': text } }).jobDriver.sparkSubmit.sparkSubmitParameters ?? '';
        expect(split(parameters).at(-1)).toBe(`spark.x=${text}`);
      }),
    );
  });
});

/** The rules of Spark's own splitter (CommandBuilderUtils.parseOptionString), for checking ours. */
function split(text: string): readonly string[] {
  const words: string[] = [];
  let word: string | undefined;
  let quote = '';
  for (let at = 0; at < text.length; at++) {
    const letter = text.charAt(at);
    if (letter === '\\' && quote !== "'") word = (word ?? '') + text.charAt(++at);
    else if (letter === quote) quote = '';
    else if (quote === '' && (letter === '"' || letter === "'")) {
      quote = letter;
      word ??= '';
    } else if (quote !== '' || letter !== ' ') word = (word ?? '') + letter;
    else {
      if (word !== undefined) words.push(word);
      word = undefined;
    }
  }
  return word === undefined ? words : [...words, word];
}
