import type { ResolvedJob, ResolvedPolicy } from '../core/job.ts';
import type { LaunchRequest } from '../core/launch-request.ts';
import { withWorkers, workerSpec } from '../core/workers.ts';
import type { TestEvent } from './event-schema.ts';
import type { Expectation } from './expect-schema.ts';
import type { Fixture, PolicyTestCase, PolicyTestDocument } from './schema.ts';
import { parseSeries, type Series } from './series.ts';
import { lastLookMs } from './series-checks.ts';
import type { SeriesName } from './vocabulary.ts';

/** One test, ready to be played: its jobs by themselves, its series read, its failures in order. */
export interface Plan {
  readonly name: string;
  /** The policy with the jobs of the test alone: what else it declares is another test's. */
  readonly policy: ResolvedPolicy;
  readonly fixture: Fixture;
  readonly series: Readonly<Partial<Record<SeriesName, Series>>>;
  readonly events: readonly (TestEvent & { readonly job: string })[];
  readonly control: PolicyTestCase['control'];
  readonly expect: readonly Expectation[];
  readonly startMs: number;
  readonly stepMs: number;
  readonly seed: number;
  /** Steps that are played. */
  readonly steps: number;
}

/** Throws for a test that was not checked before. */
export function planOf(document: PolicyTestDocument, test: PolicyTestCase, policy: ResolvedPolicy): Plan {
  const fixture = document.fixtures[test.fixture ?? ''];
  const template = fixture && policy.jobs[fixture.job];
  if (!fixture || !template) throw new Error(`test "${test.name}" has no fixture with a job of the policy`);
  const { step: stepMs, seed } = document;
  const { fleet } = test;
  const jobs = fleet ? copiesOf(template, fleet.jobs) : [template];
  const [first = template] = jobs;
  const ofFleet = fleet
    ? jobs.slice(0, fleet.failing).map((job, index) => ({
        at: Math.floor((fleet.within * index) / fleet.failing),
        job: job.name,
        'run.failed': { class: fleet.class },
      }))
    : [];
  const events = [...ofFleet, ...test.events.map((event) => ({ ...event, job: event.job ?? first.name }))];
  const series = Object.entries(test.series).flatMap(([name, text]) => {
    const parsed = text === undefined ? undefined : parseSeries(text, stepMs);
    return parsed?.ok ? [[name, parsed.series] as const] : [];
  });
  const lastMs = Math.max(lastLookMs(test.expect) ?? 0, ...events.map(({ at }) => at));
  return {
    name: test.name,
    policy: { ...policy, jobs: Object.fromEntries(jobs.map((job) => [job.name, job])) },
    fixture,
    series: Object.fromEntries(series),
    events,
    control: test.control,
    expect: test.expect,
    startMs: Date.parse(document.start),
    stepMs,
    seed,
    steps: Math.floor(lastMs / stepMs) + 1,
  };
}

/** The request that the run of a fixture was started with: the policy's, in the sizes of the fixture. */
export function requestOf(job: ResolvedJob, { run }: Fixture, accountId: string): LaunchRequest {
  const name = job.match.jobName.replaceAll('*', '') || job.name;
  const base: LaunchRequest = job.launch ?? {
    applicationId: job.match.applicationId,
    executionRoleArn: `arn:aws:iam::${accountId}:role/job`,
    name,
    mode: 'STREAMING',
    jobDriver: { sparkSubmit: { entryPoint: `s3://artifacts/${name}/main.py` } },
    retryPolicy: { maxFailedAttemptsPerHour: job.restart.nativeRetries },
  };
  const [driver, executor] = [workerSpec(base, 'driver'), workerSpec(base, 'executor')];
  const sized = withWorkers(base, {
    driver: {
      cores: run.driverCores ?? driver.cores,
      memory: run.driverMemory ?? driver.memory,
      disk: run.driverDisk ?? driver.disk,
    },
    executor: {
      cores: run.executorCores ?? executor.cores,
      memory: run.executorMemory ?? executor.memory,
      disk: run.executorDisk ?? executor.disk,
    },
  });
  return { ...sized, name, tags: { ...sized.tags, ...job.match.tags } };
}

/** Jobs like this one, each with a name, a checkpoint and arguments of its own. */
function copiesOf(job: ResolvedJob, count: number): readonly ResolvedJob[] {
  const { renamedFrom: _once, ...base } = job;
  const digits = String(count).length;
  return Array.from({ length: count }, (_, index) => {
    const suffix = String(index + 1).padStart(digits, '0');
    const name = `${job.name}-${suffix}`;
    const own = (text: string) => {
      const location = job.checkpoints.find((each) => text.startsWith(each));
      return location === undefined ? text : `${location}-${suffix}${text.slice(location.length)}`;
    };
    const launch = job.launch && ownRequest(job.launch, name, own);
    return {
      ...base,
      name,
      match: { ...job.match, jobName: name },
      checkpoints: job.checkpoints.map(own),
      ...(launch ? { launch } : {}),
    };
  });
}

function ownRequest(request: LaunchRequest, name: string, own: (text: string) => string): LaunchRequest {
  const { sparkSubmit } = request.jobDriver;
  const { entryPointArguments } = sparkSubmit;
  return {
    ...request,
    name,
    jobDriver: {
      ...request.jobDriver,
      sparkSubmit: {
        ...sparkSubmit,
        ...(entryPointArguments ? { entryPointArguments: entryPointArguments.map(own) } : {}),
      },
    },
  };
}
