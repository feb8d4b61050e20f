import type { ObjectSink } from '../../src/world/checkpoint-writer.ts';
import type { NewApplication } from '../../src/world/emr-serverless.ts';
import type { Caller, JobRunState, StartJobRunRequest } from '../../src/world/emr-types.ts';
import type { WorldParameters } from '../../src/world/parameters.ts';
import { VirtualTime } from '../../src/world/virtual-time.ts';
import { World } from '../../src/world/world.ts';

export const START_MS = Date.parse('2026-11-22T20:00:00Z');
export const CHECKPOINT = 's3://checkpoints/orders/';
export const us: Caller = { arn: 'arn:aws:sts::111122223333:assumed-role/checkpilot-reconcile/reconcile' };

/** Keeps objects in a map; the store of the local stack has buckets, writers and versions, which no test here needs. */
export class MapSink implements ObjectSink {
  readonly objects = new Map<string, string | Buffer>();

  put(key: string, body: string | Buffer): void {
    this.objects.set(key, body);
  }

  delete(key: string): void {
    this.objects.delete(key);
  }

  text(key: string): string {
    return String(this.objects.get(key) ?? '');
  }

  /** The names under a prefix, which is left out of them. */
  under(prefix: string): string[] {
    return [...this.objects.keys()]
      .filter((key) => key.startsWith(prefix))
      .map((key) => key.slice(prefix.length));
  }
}

export interface TestWorldOptions {
  seed?: number;
  parameters?: Partial<WorldParameters>;
  application?: Partial<NewApplication>;
}

export function createWorld({ seed = 1, parameters = {}, application = {} }: TestWorldOptions = {}) {
  const time = new VirtualTime(START_MS);
  const objects = new MapSink();
  const world = new World({ seed, time, objects, parameters });
  const { applicationId } = world.emr.createApplication({
    name: 'streams',
    releaseLabel: 'emr-7.10.0',
    ...application,
  });
  let tokens = 0;
  const request = (changes: Partial<StartJobRunRequest> = {}): StartJobRunRequest => {
    tokens += 1;
    return {
      applicationId,
      clientToken: `token-${tokens}`,
      executionRoleArn: 'arn:aws:iam::111122223333:role/orders',
      name: 'orders',
      mode: 'STREAMING',
      retryPolicy: { maxFailedAttemptsPerHour: 1 },
      jobDriver: {
        sparkSubmit: {
          entryPoint: 's3://artifacts/orders.py',
          entryPointArguments: ['--checkpoint', CHECKPOINT],
        },
      },
      ...changes,
    };
  };
  const start = (changes?: Partial<StartJobRunRequest>): string =>
    world.emr.startJobRun(request(changes), us).jobRunId;
  const runFor = (minutes: number): Promise<void> => time.run({ untilMs: time.now() + minutes * 60_000 });
  return {
    world,
    time,
    objects,
    applicationId,
    request,
    start,
    runFor,
    get: (jobRunId: string, attempt?: number) => world.emr.getJobRun(applicationId, jobRunId, us, attempt),
    cancel: (jobRunId: string, graceSeconds?: number) =>
      world.emr.cancelJobRun(applicationId, jobRunId, us, graceSeconds),
    statesOf: (jobRunId: string): JobRunState[] =>
      world.journal
        .ofKind('run-state')
        .filter((entry) => entry.jobRunId === jobRunId)
        .map((entry) => entry.state as JobRunState),
    /** Until the run commits this batch. */
    untilBatch: (batch: number): Promise<void> =>
      time.runWhile(() => !world.journal.ofKind('batch-committed').some((entry) => entry.batch === batch), {
        untilMs: time.now() + 3_600_000,
      }),
    /** Until the run is in this state. */
    untilState: (jobRunId: string, state: JobRunState): Promise<void> =>
      time.runWhile(
        () =>
          !world.journal
            .ofKind('run-state')
            .some((entry) => entry.jobRunId === jobRunId && entry.state === state),
        { untilMs: time.now() + 3_600_000 },
      ),
  };
}
