import fc from 'fast-check';
import { expect, it } from 'vitest';
import { claimRequest } from '../../src/control/start-request.ts';
import type { LaunchRequest } from '../../src/core/launch-request.ts';
import type { Wish } from '../../src/core/memory.ts';
import type { SparkDefaults } from '../../src/core/spark-settings.ts';
import { isTaken, parseDisk, parseMemory, totalMemoryGb, workerTiers } from '../../src/core/worker-size.ts';
import { type WorkerChanges, workerNames, workerSpec } from '../../src/core/workers.ts';
import { aJob, aRequest, ended, judge, texts } from '../support/build.ts';

/** Sizes of one worker that the service takes, as settings; each of them may be left out. */
const ofWorker = (worker: 'driver' | 'executor') =>
  fc
    .record({
      tier: fc.constantFrom(...workerTiers),
      pick: fc.nat(),
      overhead: fc.constantFrom(
        '',
        '',
        'memoryOverhead=2g',
        'memoryOverhead=700',
        'memoryOverheadFactor=0.4',
      ),
      disk: fc.constantFrom('', '20g', '150G', '200g', '500g'),
      unit: fc.constantFrom('g', 'G', 'gb', 'm', ''),
    })
    .map(({ tier, pick, overhead, disk, unit }): [string, string][] => {
      const wholeGb = tier.memoryGb[pick % tier.memoryGb.length] ?? 0;
      const besideGb = overhead.includes('2g')
        ? 2
        : overhead.includes('0.4')
          ? (wholeGb * 0.4) / 1.4
          : Math.max(0.7, wholeGb / 11);
      const memoryGb = Math.max(1, Math.floor(wholeGb - besideGb));
      const memory = /g/i.test(unit) ? `${memoryGb}${unit}` : `${memoryGb * 1024}${unit}`;
      const [key, value] = overhead.split('=');
      return [
        [`spark.${worker}.cores`, `${tier.cores}`],
        [`spark.${worker}.memory`, memory],
        ...(key && value ? [[`spark.${worker}.${key}`, value] as [string, string]] : []),
        ...(disk === '' ? [] : [[`spark.emr-serverless.${worker}.disk`, disk] as [string, string]]),
        ...(disk === '500g'
          ? [[`spark.emr-serverless.${worker}.disk.type`, 'shuffle_optimized'] as [string, string]]
          : []),
      ];
    });
const settings = fc
  .tuple(ofWorker('driver'), ofWorker('executor'))
  .map(([driver, executor]) => [...driver, ...executor]);

const quotes = fc.constantFrom(
  (key: string, value: string) => `--conf ${key}=${value}`,
  (key: string, value: string) => `--conf "${key}=${value}"`,
  (key: string, value: string) => `--conf ${key}="${value}"`,
  (key: string, value: string) => `-c '${key}=${value}'`,
);

/** Where the sizes stand: in the parameters, in `spark-defaults` of the run, in those of the application, or nowhere. */
const placed = fc
  .record({ settings, place: fc.constantFrom('parameters', 'run', 'application', 'nowhere'), quote: quotes })
  .map(({ settings, place, quote }): { request: LaunchRequest; application: SparkDefaults } => {
    const properties = Object.fromEntries(settings);
    if (place === 'parameters')
      return {
        request: aRequest(settings.map(([key, value]) => quote(key, value)).join(' ')),
        application: {},
      };
    const applicationConfiguration = [{ classification: 'spark-defaults', properties }];
    if (place === 'run')
      return {
        request: { ...aRequest(), configurationOverrides: { applicationConfiguration } },
        application: {},
      };
    return { request: aRequest(), application: place === 'application' ? properties : {} };
  });

const learned: fc.Arbitrary<WorkerChanges> = fc.constantFrom<WorkerChanges>(
  {},
  { executor: { memory: '22341m' } },
  { executor: { cores: 8, memory: '44683m' }, driver: { disk: '30g' } },
  { executor: { memory: '22341m', overheadMb: 3_000 } },
  // As an earlier release recorded it.
  { driver: { cores: 4, memory: '14g', disk: '30g' }, executor: { cores: 4, memory: '22341m', disk: '20g' } },
);

const sizes = (request: LaunchRequest, application: SparkDefaults) =>
  workerNames.map((worker) => {
    const { cores, memory, disk, overhead } = workerSpec(request, worker, application);
    return { cores, memoryGb: parseMemory(memory), diskGb: parseDisk(disk) ?? 0, overhead };
  });

it('no start gives a worker less than its request, its run or a failure before, and each is one that the service has', () => {
  let steps = 0;
  fc.assert(
    fc.property(
      placed,
      placed,
      learned,
      fc.constantFrom(texts.outOfMemory, texts.outOfDisk, texts.transient),
      fc.constantFrom('54g', '109g', '221g'),
      fc.boolean(),
      (ran, deployed, workers, text, max, isSpec) => {
        const application = isSpec ? deployed.application : ran.application;
        const classes = { 'memory-exhausted': { grow: { executorMax: max, driverMax: max } } } as const;
        const { verdict, observation } = judge({
          job: aJob({
            launch: deployed.request,
            restart: { launchFrom: isSpec ? 'spec' : 'lastRun', classes },
          }),
          memory: { workers },
          observation: {
            run: ended(text, { request: ran.request }),
            application: { kind: 'seen', sparkDefaults: application },
          },
        });
        if (verdict.kind !== 'start') return;
        const base = isSpec ? deployed.request : ran.request;
        const { plan } = verdict.wish;
        const claim = { id: 'clm_1', job: 'orders', epoch: 4 };
        const sent = claimRequest(base, { plan, cause: 'restart' } as Wish, claim, observation);
        const [before, after, died] = [base, sent, ran.request].map((request) => sizes(request, application));
        for (const [index, worker] of workerNames.entries()) {
          const [was, is] = [before?.[index], after?.[index]];
          if (!was || !is) throw new Error('there are two workers');
          expect(is.cores).toBeGreaterThanOrEqual(was.cores);
          expect(is.memoryGb).toBeGreaterThanOrEqual(was.memoryGb);
          expect(is.diskGb).toBeGreaterThanOrEqual(was.diskGb);
          const totalGb = totalMemoryGb(is.memoryGb, is.overhead);
          const isValidBefore = isTaken({
            cores: was.cores,
            totalGb: totalMemoryGb(was.memoryGb, was.overhead),
          });
          if (isValidBefore)
            expect({ worker, taken: isTaken({ cores: is.cores, totalGb }) }).toEqual({ worker, taken: true });
          const least = plan.leastWorkers?.[worker]?.memory;
          if (least && isValidBefore) expect(is.memoryGb).toBeGreaterThanOrEqual(parseMemory(least));
        }
        if (plan.change === undefined) return;
        steps += 1;
        const part = text === texts.outOfDisk ? 'diskGb' : 'memoryGb';
        expect(after?.[1]?.[part]).toBeGreaterThan(died?.[1]?.[part] ?? 0);
      },
    ),
    { numRuns: 3_000 },
  );
  expect(steps).toBeGreaterThan(100);
});
