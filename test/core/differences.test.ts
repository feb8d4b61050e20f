import { describe, expect, it } from 'vitest';
import { aForeignRun, aJob, aRequest, aRun, beside, ended, judge, seen, texts } from '../support/build.ts';

const grown = { workers: { executor: { memory: '27g' } } };
const driftOf = (situation: Parameters<typeof judge>[0]) =>
  judge(situation)
    .concerns.filter(({ reason }) => reason === 'run-differs')
    .map(({ text }) => text);
const fromSpec = aJob({ restart: { launchFrom: 'spec' } });

describe('a run that a person started otherwise', () => {
  it('shows where it differs from the policy, and nothing is done about it', () => {
    const request = {
      ...aRequest('--conf spark.dynamicAllocation.maxExecutors=8 --conf spark.executor.memory=27g'),
      jobDriver: {
        sparkSubmit: {
          entryPoint: 's3://acme-artifacts/orders/2.0.0/job.py',
          entryPointArguments: ['--dry'],
          sparkSubmitParameters:
            '--conf spark.dynamicAllocation.maxExecutors=8 --conf spark.executor.memory=27g',
        },
      },
      name: 'orders-by-ana',
    };
    const situation = { job: fromSpec, observation: { run: seen(aRun({ request })) } };
    expect(driftOf(situation)).toEqual([
      'run run-1 has executor memory 27g instead of not set; name orders-by-ana instead of orders; program s3://acme-artifacts/orders/2.0.0/job.py instead of s3://acme-artifacts/orders/1.4.2/job.py; other arguments; maxExecutors 8 instead of not set',
    ]);
    expect(judge(situation).kind).toBe('nothing');
  });

  it('shows that it is smaller than what a failure taught, also where the last run is copied', () => {
    expect(driftOf({ memory: grown })).toEqual(['run run-1 has executor memory not set instead of 27g']);
    const request = aRequest('--conf spark.executor.memory=27648m');
    expect(driftOf({ memory: grown, observation: { run: seen(aRun({ request })) } })).toEqual([]);
  });

  it('differs in nothing when it is what Checkpilot would start', () => {
    expect(driftOf({})).toEqual([]);
    expect(driftOf({ job: fromSpec })).toEqual([]);
  });

  it('is told with it once, in the message of the take-over', () => {
    const observation = { run: ended(texts.transient), others: beside(aForeignRun()) };
    expect(judge({ observation, memory: grown }).verdict.notice).toMatchObject({
      event: 'run.adopted',
      severity: 'info',
      text: expect.stringMatching(
        /started by ana\. It has executor memory not set instead of 27g; it is left as it is\.$/,
      ),
    });
  });
});
