import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type WorkerSpec, withWorkers, workerSpec } from '../../src/core/workers.ts';
import { aRequest } from '../support/build.ts';

const gigabytes = fc.integer({ min: 1, max: 244 });
const spec: fc.Arbitrary<WorkerSpec> = fc.record({
  cores: fc.constantFrom(1, 2, 4, 8, 16, 32),
  memory: fc.oneof(
    gigabytes.map((gb) => `${gb}g`),
    gigabytes.map((gb) => `${gb * 1024 - 7}m`),
  ),
  disk: gigabytes.map((gb) => `${gb}g`),
});

/** What stands beside the sizes in the parameters of real jobs; none of it is ours to change. */
const foreign = [
  '--class com.acme.Orders',
  '--jars s3://acme-artifacts/libs/a.jar,s3://acme-artifacts/libs/b.jar',
  '--conf spark.executor.memoryOverhead=2g',
  '--conf spark.driver.memoryOverheadFactor=0.2',
  '--conf "spark.driver.extraJavaOptions=-Da=b -XX:+UseG1GC"',
  '-c spark.executor.coresOther=1',
  "--conf 'spark.sql.shuffle.partitions=48'",
  '--files s3://acme-artifacts/log4j.xml',
  '--properties-file x',
] as const;

/** Sizes as people write them. */
const sizes = [
  '--conf spark.driver.memory=8g',
  '--conf  spark.executor.cores=2',
  '--conf=spark.executor.memory=27g',
  '--conf "spark.emr-serverless.executor.disk=100g"',
  '-c spark.driver.cores=2',
  '--conf\n  spark.executor.memory=20g',
] as const;

const parameters = fc
  .tuple(fc.subarray([...foreign]), fc.subarray([...sizes]))
  .chain(([kept, sized]) =>
    fc.shuffledSubarray([...kept, ...sized], { minLength: kept.length + sized.length }),
  )
  .map((parts) => parts.join(' '));

const textOf = (request: ReturnType<typeof aRequest>) =>
  request.jobDriver.sparkSubmit.sparkSubmitParameters ?? '';

describe('worker sizes in a request', () => {
  it.each([
    ['', undefined],
    ['--conf spark.emr-serverless.memoryOverheadFactor=0.2', { factor: 0.2 }],
    ['--conf spark.executor.memoryOverheadFactor=0.4', { factor: 0.4 }],
    ['--conf spark.executor.memoryOverhead=3g', { fixedMb: 3_072 }],
    ['--conf spark.executor.memoryOverhead=2048', { fixedMb: 2_048 }],
    ['--conf spark.executor.pyspark.memory=1g', { besideMb: 1_024 }],
    [
      '--conf spark.memory.offHeap.enabled=true --conf spark.memory.offHeap.size=1073741824',
      { besideMb: 1_024 },
    ],
    ['--conf spark.memory.offHeap.size=2g', undefined],
    ['--conf spark.executor.memoryOverhead=much', undefined],
  ])('take their overhead from %j', (text, overhead) => {
    expect(workerSpec(aRequest(text), 'executor').overhead).toEqual(overhead);
  });

  it('are those of the service where the request says none, for an executor of 32 cores too', () => {
    const memoryOf = (text: string) =>
      (['driver', 'executor'] as const).map((worker) => workerSpec(aRequest(text), worker).memory);
    expect(memoryOf('')).toEqual(['14g', '14g']);
    expect(memoryOf('--executor-cores 32')).toEqual(['14g', '109g']);
    expect(memoryOf('--executor-cores 32 --executor-memory 54g')).toEqual(['14g', '54g']);
  });

  it('are read back as they were written, whatever stood there before', () => {
    fc.assert(
      fc.property(parameters, spec, spec, (text, driver, executor) => {
        const request = withWorkers(aRequest(text), { driver, executor });
        expect(workerSpec(request, 'driver')).toMatchObject(driver);
        expect(workerSpec(request, 'executor')).toMatchObject(executor);
      }),
    );
  });

  it('are the same after writing them twice', () => {
    fc.assert(
      fc.property(parameters, spec, spec, (text, driver, executor) => {
        const once = withWorkers(aRequest(text), { driver, executor });
        expect(withWorkers(once, { driver, executor })).toEqual(once);
      }),
    );
  });

  it('leave everything else in the parameters and in the request as it was', () => {
    fc.assert(
      fc.property(fc.shuffledSubarray([...foreign]), parameters, spec, (kept, text, driver) => {
        const before = aRequest([...kept, text].join(' '));
        const after = withWorkers(before, { driver });
        for (const part of kept) expect(textOf(after)).toContain(part);
        expect(workerSpec(after, 'executor')).toEqual(workerSpec(before, 'executor'));
        const { sparkSubmit: _after, ...restAfter } = after.jobDriver;
        const { sparkSubmit: _before, ...restBefore } = before.jobDriver;
        expect({ ...after, jobDriver: restAfter }).toEqual({ ...before, jobDriver: restBefore });
      }),
    );
  });

  it('leave the parameters alone when no worker is named', () => {
    expect(withWorkers(aRequest('--conf  a=b'), {})).toEqual(aRequest('--conf  a=b'));
  });

  it.each([
    ['', { cores: 4, memory: '14g', disk: '20g' }],
    [
      '--conf spark.executor.memory=8g --conf spark.executor.memory=9g',
      { cores: 4, memory: '9g', disk: '20g' },
    ],
    ["--conf 'spark.executor.cores=2'", { cores: 2, memory: '14g', disk: '20g' }],
    ['--conf\n spark.executor.memory=27g', { cores: 4, memory: '27g', disk: '20g' }],
    ['-c spark.executor.memory=27g', { cores: 4, memory: '27g', disk: '20g' }],
    [
      '--conf spark.executor.memoryOverhead=9g',
      { cores: 4, memory: '14g', disk: '20g', overhead: { fixedMb: 9_216 } },
    ],
  ])('of %j are read with the defaults of the service', (text, expected) => {
    expect(workerSpec(aRequest(text), 'executor')).toEqual(expected);
  });
});
