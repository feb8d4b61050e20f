import { describe, expect, it } from 'vitest';
import { claimRequest } from '../../src/control/start-request.ts';
import type { RestartPolicy } from '../../src/core/job.ts';
import type { LaunchRequest } from '../../src/core/launch-request.ts';
import type { JobMemory, Wish } from '../../src/core/memory.ts';
import type { SparkDefaults } from '../../src/core/spark-settings.ts';
import { parseMemory, smallestWorker, totalMemoryGb } from '../../src/core/worker-size.ts';
import { workerSpec } from '../../src/core/workers.ts';
import { aJob, aRequest, atBatch, checkpoint, ended, judge, texts } from '../support/build.ts';

interface Case {
  readonly request?: LaunchRequest;
  readonly application?: SparkDefaults | 'unread';
  readonly memory?: Partial<JobMemory>;
  readonly restart?: Partial<RestartPolicy>;
  readonly launch?: LaunchRequest;
}

const driverDied = 'Exception in thread "main" java.lang.OutOfMemoryError: Java heap space';
const killed = 'Worker has been killed as memory usage exceeded configured memory size';

/** How such an end is answered, and the request that the service would get. */
function answer(text: string, { request = aRequest(), application = {}, memory, restart, launch }: Case) {
  const sensor =
    application === 'unread'
      ? ({ kind: 'unknown', why: 'throttled: slow down' } as const)
      : ({ kind: 'seen', sparkDefaults: application } as const);
  const decision = judge({
    job: aJob({ ...(restart ? { restart } : {}), ...(launch ? { launch } : {}) }),
    ...(memory ? { memory } : {}),
    observation: { run: ended(text, { request }), application: sensor },
  });
  const { verdict } = decision;
  const plan = verdict.kind === 'start' ? verdict.wish.plan : undefined;
  const base = plan?.base === 'spec' && launch ? launch : request;
  const claim = { id: 'clm_1', job: 'orders', epoch: 4 };
  const sent = plan && claimRequest(base, { plan, cause: 'restart' } as Wish, claim, decision.observation);
  const defaults = application === 'unread' ? {} : application;
  return {
    decision,
    text: verdict.notice?.text ?? '',
    change: plan?.change,
    workers: plan?.leastWorkers,
    parameters: sent?.jobDriver.sparkSubmit.sparkSubmitParameters,
    executor: sent && workerSpec(sent, 'executor', defaults),
    driver: sent && workerSpec(sent, 'driver', defaults),
  };
}

/** The request of a job whose sizes stand in `spark-defaults` of its own. */
function withOwnDefaults(properties: Record<string, string>, parameters = ''): LaunchRequest {
  const applicationConfiguration = [{ classification: 'spark-defaults', properties }];
  return { ...aRequest(parameters), configurationOverrides: { applicationConfiguration } };
}

describe('a size step', () => {
  it('gives the executor that died half as much memory again, and touches nothing else', () => {
    const step = answer(texts.outOfMemory, {});
    expect(step.workers).toEqual({ executor: { memory: '22341m' } });
    expect(step.change).toBe('with executor memory 14g → 21.8g');
    expect(step.parameters).toBe('--conf spark.executor.memory=22341m');
  });

  it('gives the driver more where the text says that the driver died', () => {
    const step = answer(driverDied, {});
    expect(step.change).toBe('with driver memory 14g → 21.8g');
    expect(step.parameters).toBe('--conf spark.driver.memory=22341m');
  });

  it('gives both more where the text does not say which one died', () => {
    expect(answer(killed, {}).change).toBe('with driver memory 14g → 21.8g and executor memory 14g → 21.8g');
    const step = answer(texts.outOfDisk, {});
    expect(step.workers).toEqual({ driver: { disk: '30g' }, executor: { disk: '30g' } });
    expect(step.parameters).toBe(
      '--conf spark.emr-serverless.driver.disk=30g --conf spark.emr-serverless.executor.disk=30g',
    );
  });

  it('steps the executor alone where the driver can grow no more, and never the driver alone', () => {
    const ofDriver = { 'memory-exhausted': { grow: { driverMax: '14g' } } };
    expect(answer(killed, { restart: { classes: ofDriver } }).change).toBe(
      'with executor memory 14g → 21.8g',
    );
    const request = aRequest('--conf spark.emr-serverless.executor.disk=200g');
    expect(answer(texts.outOfDisk, { request }).decision).toMatchObject({
      kind: 'park',
      reason: 'size-steps-used-up',
    });
  });

  it('keeps what an earlier failure taught', () => {
    const step = answer(texts.outOfMemory, {
      memory: { workers: { driver: { memory: '40g' }, executor: { disk: '30g' } } },
    });
    expect(step.workers).toEqual({ driver: { memory: '40g' }, executor: { disk: '30g', memory: '22341m' } });
    expect(step.driver).toMatchObject({ cores: 8, memory: '40g' });
    expect(step.executor).toMatchObject({ cores: 4, memory: '22341m', disk: '30g' });
  });

  it('goes on to more cores where its own hold no more, and names both', () => {
    const step = answer(texts.outOfMemory, { request: aRequest('--executor-memory 27g --executor-cores 4') });
    expect(step.change).toBe('with executor memory 27g → 43.6g (4 → 8 cores)');
    expect(step.parameters).toBe('--conf spark.executor.cores=8 --conf spark.executor.memory=44683m');
  });

  it('leaves a flag alone that it does not replace', () => {
    const step = answer(texts.outOfMemory, { request: aRequest('--executor-cores 8 --executor-memory 20g') });
    expect(step.parameters).toBe('--executor-cores 8 --conf spark.executor.memory=33512m');
  });

  it.each([
    ['--conf spark.executor.cores=8 --conf spark.executor.memory=40g'],
    ['--conf spark.executor.cores="8" --conf spark.executor.memory="40g"'],
    ["--conf spark.executor.cores='8' --conf spark.executor.memory='40g'"],
    ['--conf "spark.executor.cores=8" --conf "spark.executor.memory=40g"'],
    ['--conf=spark.executor.cores=8 --conf=spark.executor.memory=40G'],
    ['-c spark.executor.cores=8\n-c spark.executor.memory=40gb'],
    ['--executor-cores 8 --executor-memory 40G'],
    ['--executor-cores 8 --executor-memory 40960'],
    ['--conf spark.executor.cores=8 --conf spark.executor.memory=40960'],
    ['--conf spark.executor.cores=8 --conf spark.executor.memory=41943040k'],
  ])('reads %j as 8 cores and 40 GB', (parameters) => {
    const step = answer(texts.outOfMemory, { request: aRequest(parameters) });
    expect(step.change).toBe('with executor memory 40g → 54g');
    expect(step.executor).toMatchObject({ cores: 8, memory: '55296m' });
    // Whatever the value was written with is gone with it.
    expect(step.parameters).not.toContain('memory=40');
    expect(step.parameters?.match(/["']/g)?.length ?? 0).toBe(
      (parameters.match(/["'].*?cores.*?["']|cores=["']8["']/g)?.length ?? 0) * 2,
    );
  });
});

describe('the sizes that a step starts from', () => {
  const large = {
    'spark.executor.cores': '8',
    'spark.executor.memory': '40g',
    'spark.emr-serverless.executor.disk': '100g',
  };

  it('are those of the application where the request names none', () => {
    const step = answer(texts.outOfMemory, { application: large });
    expect(step.change).toBe('with executor memory 40g → 54g');
    expect(step.parameters).toBe('--conf spark.executor.memory=55296m');
    const disk = answer(texts.outOfDisk, { application: large });
    expect(disk.change).toBe('with driver disk 20g → 30g and executor disk 100g → 150g');
    expect(disk.executor).toMatchObject({ cores: 8, memory: '40g', disk: '150g' });
  });

  it('are not those of the application where the request brings spark-defaults, even without a size', () => {
    const request = withOwnDefaults({ 'spark.sql.shuffle.partitions': '48' });
    expect(answer(texts.outOfMemory, { request, application: large }).change).toBe(
      'with executor memory 14g → 21.8g',
    );
    // Nothing hangs on the application then, so that it cannot be read is no hindrance.
    expect(answer(texts.outOfMemory, { request, application: 'unread' }).change).toBe(
      'with executor memory 14g → 21.8g',
    );
  });

  it('are those of sparkSubmitParameters before those of spark-defaults, and the step is written where it wins', () => {
    const request = withOwnDefaults(
      { 'spark.executor.memory': '6g', 'spark.executor.cores': '8' },
      '--conf spark.executor.memory=20g',
    );
    const step = answer(texts.outOfMemory, { request });
    expect(step.change).toBe('with executor memory 20g → 32.7g');
    expect(step.executor).toMatchObject({ cores: 8, memory: '33512m' });
  });

  it('are not guessed while the application cannot be read: the workers stay as they are, and people read why', () => {
    const step = answer(texts.outOfMemory, { application: 'unread' });
    expect(step.decision).toMatchObject({ kind: 'start', reason: 'job-run-failed' });
    expect(step.change).toBeUndefined();
    expect(step.parameters).toBe('');
    expect(step.text).toContain(
      'Its workers stay as they are: what application app-1 gives them could not be read (throttled: slow down).',
    );
  });

  it('are not guessed for a size that nobody can read either', () => {
    const request = aRequest('--conf spark.executor.memory=much');
    const step = answer(texts.outOfMemory, { request });
    expect(step.decision.kind).toBe('start');
    expect(step.text).toContain('nobody can read the size of its executor: much and 4 cores.');
    const disk = answer(texts.outOfDisk, {
      request: aRequest('--conf spark.emr-serverless.executor.disk=500'),
    });
    expect(disk.text).toContain('nobody can read the disk of its executor: 500.');
  });

  it('that stay unknown are named by the call for a person, when restarts have not helped', () => {
    const memory = { progress: { [checkpoint]: { committedAtStart: 120, streak: 2 } } };
    const { decision, text } = answer(texts.outOfMemory, { application: 'unread', memory });
    expect(decision).toMatchObject({ kind: 'park', reason: 'streak-without-progress' });
    expect(text).toContain('Its workers stay as they are: what application app-1 gives them');
  });
});

describe('what a worker needs beside its memory', () => {
  const sizeOf = (step: ReturnType<typeof answer>) => {
    const { cores, memory, overhead } = step.executor ?? { cores: 0, memory: '1g' };
    return smallestWorker({ cores, totalGb: totalMemoryGb(parseMemory(memory), overhead) });
  };

  it.each([
    ['--conf spark.executor.memory=10g', { cores: 4, memoryGb: 17 }],
    [
      '--conf spark.executor.memory=10g --conf spark.emr-serverless.memoryOverheadFactor=0.4',
      { cores: 4, memoryGb: 21 },
    ],
    [
      '--conf spark.executor.memory=10g --conf spark.executor.memoryOverheadFactor=0.4',
      { cores: 4, memoryGb: 21 },
    ],
    ['--conf spark.executor.memory=10g --conf spark.executor.memoryOverhead=4g', { cores: 4, memoryGb: 21 }],
    ['--conf spark.executor.memory=10g --conf spark.executor.pyspark.memory=4g', { cores: 4, memoryGb: 23 }],
  ])('is counted, so that %s grows into a worker that there is, by half', (parameters, size) => {
    expect(sizeOf(answer(texts.outOfMemory, { request: aRequest(parameters) }))).toEqual(size);
  });

  it('is counted where the application says it', () => {
    const application = { 'spark.executor.memoryOverheadFactor': '0.4' };
    const step = answer(texts.outOfMemory, {
      request: aRequest('--conf spark.executor.memory=10g'),
      application,
    });
    expect(sizeOf(step)).toEqual({ cores: 4, memoryGb: 21 });
  });

  it('grows along where it is fixed: Python lives in it', () => {
    const request = aRequest('--conf spark.executor.memory=10g --conf spark.executor.memoryOverhead=4g');
    const step = answer(texts.outOfMemory, { request });
    expect(step.change).toBe('with executor memory 10g → 15g, overhead 4g → 6g');
    expect(step.executor).toMatchObject({ memory: '15360m', overhead: { fixedMb: 6_144 } });
  });
});

describe('the limits of size steps', () => {
  it('are the maximum of the policy for memory, and the page says so', () => {
    const classes = { 'memory-exhausted': { grow: { executorMax: '16g' } } };
    const sized = (memory: string) =>
      answer(texts.outOfMemory, {
        request: aRequest(`--conf spark.executor.memory=${memory}`),
        restart: { classes },
      });
    expect(sized('14g').executor?.memory).toBe('16384m');
    expect(sized('16g').decision).toMatchObject({ kind: 'park', reason: 'size-steps-used-up' });
    expect(sized('16g').text).toContain(
      'The executor has 16g of memory, and size steps end at 16g (restart.classes.memory-exhausted.grow.executor.max).',
    );
  });

  it('are those of the kind of disk', () => {
    const disk = (size: string, type = '') =>
      answer(texts.outOfDisk, {
        request: aRequest(`--conf spark.emr-serverless.executor.disk=${size} ${type}`),
      });
    const shuffle = '--conf spark.emr-serverless.executor.disk.type=shuffle_optimized';
    expect(disk('150g').executor?.disk).toBe('200g');
    expect(disk('51200m').executor?.disk).toBe('75g');
    expect(disk('500g', shuffle).executor?.disk).toBe('750g');
    expect(
      disk('1500g', shuffle.toUpperCase().replace(/.*TYPE/, shuffle.split('=')[0] ?? '')).executor?.disk,
    ).toBe('2000g');
    expect(disk('200g').text).toContain(
      'The executor has a disk of 200g, and its disks end at 200 GB; with spark.emr-serverless.executor.disk.type=shuffle_optimized they go up to 2000 GB.',
    );
    expect(disk('2000g', shuffle).text).toContain(
      'The executor has a disk of 2000g, and its disks end at 2000 GB.',
    );
  });

  it('reach the workers of 32 cores where the policy allows as much', () => {
    const classes = { 'memory-exhausted': { grow: { executorMax: '221g' } } };
    const request = aRequest('--conf spark.executor.cores=16 --conf spark.executor.memory=109g');
    const step = answer(texts.outOfMemory, { request, restart: { classes } });
    expect(step.workers).toEqual({ executor: { cores: 32, memory: '226304m' } });
    expect(step.change).toBe('with executor memory 109g → 221g (16 → 32 cores)');
  });
});

describe('a size that was learned', () => {
  const fromSpec = { launchFrom: 'spec' } as const;
  const workers = { executor: { memory: '22341m' } };
  const next = (launch: LaunchRequest, application: SparkDefaults | 'unread' = {}) =>
    answer(texts.transient, { launch, restart: fromSpec, memory: { workers }, application });

  it('is given to the next start of another cause', () => {
    expect(next(aRequest()).executor).toMatchObject({ cores: 4, memory: '22341m' });
    expect(next(aRequest(), 'unread').executor).toMatchObject({ cores: 4, memory: '22341m' });
  });

  it('takes nothing back of what was deployed since, in the request or in the application', () => {
    const deployed = aRequest('--conf spark.executor.cores=8 --conf spark.executor.memory=54g');
    expect(next(deployed).parameters).toBe('--conf spark.executor.cores=8 --conf spark.executor.memory=54g');
    const application = { 'spark.executor.cores': '8', 'spark.executor.memory': '54g' };
    expect(next(aRequest(), application).parameters).toBe('');
  });

  it('goes with cores that the deployed request has, or with more where those cannot hold it', () => {
    expect(next(aRequest('--executor-cores 16')).executor).toMatchObject({ cores: 16, memory: '22341m' });
    expect(next(aRequest('--executor-cores 2 --executor-memory 8g')).executor).toMatchObject({
      cores: 4,
      memory: '22341m',
    });
    const overhead = aRequest('--conf spark.executor.memoryOverhead=10g');
    expect(next(overhead).executor).toMatchObject({ cores: 8, memory: '22341m' });
  });

  it('by an earlier release, with all sizes of a worker, shrinks none of them either', () => {
    const earlier = { executor: { cores: 4, memory: '22341m', disk: '20g' } };
    const application = { 'spark.executor.cores': '8', 'spark.executor.memory': '54g' };
    const step = answer(texts.transient, { memory: { workers: earlier }, application });
    expect(step.parameters).toBe('');
  });

  it('is written under a name that an earlier release, which takes it for whole sizes, does not read', () => {
    const earlier = { executor: { cores: 4, memory: '22341m', disk: '20g' } };
    const { verdict } = answer(texts.transient, { memory: { workers: earlier } }).decision;
    const plan = verdict.kind === 'start' ? verdict.wish.plan : {};
    expect(plan).toMatchObject({ leastWorkers: earlier });
    expect(plan).not.toHaveProperty('workers');
  });

  it('is not taken back by the limit of a class that takes no step, or of one beside a class without a limit', () => {
    const memory = { leastWorkers: { executor: { memory: '44683m' } } };
    const start = (failureClass: string, action?: string) =>
      answer(texts.transient, {
        memory,
        restart: {
          classes: { [failureClass]: { ...(action ? { action } : {}), grow: { executorMax: '20g' } } },
        } as never,
      }).executor;
    expect(start('worker-lost')).toMatchObject({ memory: '44683m' });
    expect(start('worker-lost', 'restart-with-more-memory')).toMatchObject({ memory: '44683m' });
    expect(start('memory-exhausted')).toMatchObject({ memory: '20g' });
  });

  it('is taken back by a limit of the policy that is lower now, so that smaller workers can be deployed', () => {
    const learned = { executor: { cores: 8, memory: '44683m', disk: '30g' } };
    const limited = (executorMax: string) => ({
      classes: { 'memory-exhausted': { grow: { executorMax } }, 'worker-lost': { streak: 2 } },
    });
    const start = (executorMax: string) =>
      answer(texts.transient, { memory: { workers: learned }, restart: limited(executorMax) }).executor;
    expect(start('54g')).toMatchObject({ cores: 8, memory: '44683m', disk: '30g' });
    expect(start('20g')).toMatchObject({ cores: 4, memory: '20g', disk: '30g' });
    expect(start('14g')).toMatchObject({ cores: 4, memory: '14g', disk: '30g' });
  });

  it('on a shuffle-optimised disk ends where a standard one does, once that is deployed', () => {
    const learned = { executor: { disk: '750g' } };
    expect(answer(texts.transient, { memory: { workers: learned } }).executor?.disk).toBe('200g');
  });

  it('is not asked for again where a larger one was deployed meanwhile, and people read what starts', () => {
    const launch = aRequest('--conf spark.executor.memory=26g');
    const step = answer(texts.outOfMemory, { launch, restart: fromSpec });
    expect(step.change).toBe('with executor memory 14g → 26g');
    const used = { ...fromSpec, classes: { 'memory-exhausted': { grow: { executorMax: '14g' } } } };
    expect(answer(texts.outOfMemory, { launch, restart: used }).change).toBe(
      'with executor memory 14g → 26g',
    );
    const small = aRequest('--conf spark.executor.memory=18g');
    expect(answer(texts.outOfMemory, { launch: small, restart: fromSpec }).change).toBe(
      'with executor memory 14g → 21.8g',
    );
  });
});

it('a step on a checkpoint that moved on is one like any other', () => {
  const decision = judge({
    observation: { run: ended(texts.outOfMemory), checkpoints: { [checkpoint]: atBatch(500) } },
  });
  expect(decision.verdict).toMatchObject({
    kind: 'start',
    wish: { plan: { change: 'with executor memory 14g → 21.8g' } },
  });
});
