import { gunzipSync } from 'node:zlib';
import { parseJobRun, parseListing } from '../aws/emr-serverless-answers.ts';
import { parseApplication } from '../aws/emr-serverless-applications.ts';
import type { CheckpointFiles } from '../checkpoint/files.ts';
import { type BatchFiles, headOf } from '../checkpoint/head.ts';
import { inspectCheckpoint } from '../checkpoint/inspect.ts';
import { oldestRecord } from '../checkpoint/oldest-record.ts';
import { plannedAt } from '../checkpoint/planned-at.ts';
import { auditSeam } from '../checkpoint/seam.ts';
import type { Shards } from '../checkpoint/shards.ts';
import type {
  Answer,
  Applications,
  CancelAnswer,
  Checkpoints,
  DriverLogs,
  Failure,
  JobRuns,
  ListFilter,
  ListPage,
  LogsAnswer,
  SendTerms,
  StartAnswer,
} from '../control/ports.ts';
import type { JobRun } from '../core/job-run.ts';
import type { LaunchRequest } from '../core/launch-request.ts';
import type { CheckpointLedger } from './checkpoint-ledger.ts';
import { ServiceError, type StartJobRunRequest, type JobRunState as WorldState } from './emr-types.ts';
import type { ObjectStore } from './object-store.ts';
import type { World } from './world.ts';

/** Pages of ListJobRuns hold at most 50 runs. */
const pageSize = 50;

/** EMR Serverless of the world behind the port, in process: no HTTP, and so no SDK, but the same answers. */
export class WorldJobRuns implements JobRuns {
  readonly #world: World;
  readonly #arn: string;

  constructor(world: World, arn = 'arn:aws:sts::111122223333:assumed-role/checkpilot-reconcile/reconcile') {
    this.#world = world;
    this.#arn = arn;
  }

  async get(applicationId: string, jobRunId: string, attempt?: number): Promise<Answer<JobRun>> {
    return answering(() => {
      const run = this.#world.emr.getJobRun(applicationId, jobRunId, { arn: this.#arn }, attempt);
      const { createdAt, updatedAt, startedAt, endedAt, attemptCreatedAt } = run;
      const dates = {
        createdAt: new Date(createdAt),
        updatedAt: new Date(updatedAt),
        attemptCreatedAt: new Date(attemptCreatedAt),
        ...(startedAt === undefined ? {} : { startedAt: new Date(startedAt) }),
        ...(endedAt === undefined ? {} : { endedAt: new Date(endedAt) }),
      };
      return parseJobRun({ jobRun: { ...run, ...dates } });
    });
  }

  async list(applicationId: string, filter: ListFilter): Promise<Answer<ListPage>> {
    return answering(() => {
      const { states, createdAtAfterMs, createdAtBeforeMs, nextToken } = filter;
      const page = this.#world.emr.listJobRuns(
        applicationId,
        {
          maxResults: pageSize,
          ...(states === undefined ? {} : { states: [...states] as WorldState[] }),
          ...(createdAtAfterMs === undefined ? {} : { createdAtAfter: createdAtAfterMs }),
          ...(createdAtBeforeMs === undefined ? {} : { createdAtBefore: createdAtBeforeMs }),
          ...(nextToken === undefined ? {} : { nextToken }),
        },
        { arn: this.#arn },
      );
      const jobRuns = page.jobRuns.map((run) => ({ ...run, createdAt: new Date(run.createdAt) }));
      const parsed = parseListing({ ...page, jobRuns });
      return parsed.ok ? { ok: true, value: { ...parsed.value, dateMs: this.#world.time.now() } } : parsed;
    });
  }

  async start(request: LaunchRequest, { clientToken, notAfterMs }: SendTerms): Promise<StartAnswer> {
    const signedAtMs = this.#world.time.now();
    if (signedAtMs > notAfterMs) return { kind: 'too-late' };
    return this.deliverStart(request, clientToken, signedAtMs);
  }

  /** A signed request reaches the service now, however long it was on its way. */
  deliverStart(request: LaunchRequest, clientToken: string, signedAtMs: number): StartAnswer {
    try {
      const wire = { ...structuredClone(request), clientToken } as unknown as StartJobRunRequest;
      const { jobRunId } = this.#world.emr.startJobRun(wire, { arn: this.#arn, signedAtMs });
      return { kind: 'accepted', jobRunId };
    } catch (error) {
      return refusalOf(error);
    }
  }

  async cancel(
    applicationId: string,
    jobRunId: string,
    { graceSeconds, notAfterMs }: { graceSeconds: number; notAfterMs: number },
  ): Promise<CancelAnswer> {
    const signedAtMs = this.#world.time.now();
    if (signedAtMs > notAfterMs) return { kind: 'too-late' };
    return this.deliverCancel(applicationId, jobRunId, graceSeconds, signedAtMs);
  }

  deliverCancel(
    applicationId: string,
    jobRunId: string,
    graceSeconds: number,
    signedAtMs: number,
  ): CancelAnswer {
    try {
      this.#world.emr.cancelJobRun(applicationId, jobRunId, { arn: this.#arn, signedAtMs }, graceSeconds);
      return { kind: 'accepted' };
    } catch (error) {
      return refusalOf(error);
    }
  }
}

export function worldApplications(
  world: World,
  arn = 'arn:aws:sts::111122223333:assumed-role/checkpilot-reconcile/reconcile',
): Applications {
  return {
    limits: async (applicationId) =>
      answering(() => parseApplication({ application: world.emr.getApplication(applicationId, { arn }) })),
  };
}

/** Heads of checkpoints straight from the world's objects. */
export function worldCheckpoints(objects: ObjectStore, shards: Shards): Checkpoints {
  return {
    async head(location) {
      const prefix = location.replace(/^s3:\/\//, '');
      return {
        ok: true,
        value: headOf(batchFiles(objects, `${prefix}/offsets/`), batchFiles(objects, `${prefix}/commits/`)),
      };
    },
    inspect: (location) => inspectCheckpoint(worldFiles(objects, location)),
    plannedAt: (location, batch) => plannedAt(worldFiles(objects, location), batch),
    oldestRecord: (location) => oldestRecord(worldFiles(objects, location), { shards }),
    seam: (location, batch) => auditSeam(worldFiles(objects, location), batch),
  };
}

export function ledgerCheckpoints(ledger: CheckpointLedger): Checkpoints {
  return {
    head: async (location) => ({ ok: true, value: ledger.head(location) }),
    inspect: async () => ({ ok: true, value: { health: 'clean' } }),
    plannedAt: async (location, batch) => ({ ok: true, value: ledger.plannedAt(location, batch) }),
    oldestRecord: async () => ({ ok: false, code: 'denied', message: 'no streams here' }),
    seam: async () => ({ ok: true, value: [] }),
  };
}

/** The world's executors write none. */
const noExecutorLog: LogsAnswer = { kind: 'none', why: 'executors of the world write no log' };

/** The newest driver log of a run straight from the world's objects. */
export function worldDriverLogs(objects: ObjectStore): DriverLogs {
  return {
    readExecutor: async () => noExecutorLog,
    async search(run, { attempt, sinceMs, words }) {
      const found = logFiles(objects, run, attempt);
      if (found === undefined) return noPlace;
      if (found.length === 0) return { kind: 'none', why: 'no log has arrived yet', mayCome: true };
      const fresh = found.filter(({ lastModifiedMs }) => lastModifiedMs > sinceMs);
      const logs = fresh.map(({ key }) => ({
        source: key.slice(key.search(/SPARK_(?:DRIVER|EXECUTOR)/)),
        text: textOf(objects, key),
        linesBefore: 0,
      }));
      const throughMs = Math.max(sinceMs, ...fresh.map(({ lastModifiedMs }) => lastModifiedMs));
      return {
        kind: 'read',
        logs: logs.filter(({ text }) => words.some((word) => text.includes(word))),
        throughMs,
      };
    },
    async read(run, attempt) {
      const files = logFiles(objects, run, attempt);
      if (files === undefined) return noPlace;
      const last = files.at(-1);
      if (!last) return { kind: 'none', why: 'no driver log has arrived yet', mayCome: true };
      return {
        kind: 'read',
        logs: [{ source: 'SPARK_DRIVER/stderr.gz', text: textOf(objects, last.key), linesBefore: 0 }],
      };
    },
  };
}

const noPlace = { kind: 'none', why: 'the run writes its logs to no S3 location' } as const;

/** Undefined where the run sends its logs nowhere. */
function logFiles(
  objects: ObjectStore,
  { applicationId, jobRunId, request }: JobRun,
  attempt: number | undefined,
) {
  const overrides = request.configurationOverrides as
    | { monitoringConfiguration?: { s3MonitoringConfiguration?: { logUri?: string } } }
    | undefined;
  const { logUri } = overrides?.monitoringConfiguration?.s3MonitoringConfiguration ?? {};
  if (logUri === undefined) return undefined;
  const root = logUri.replace(/^s3:\/\//, '').replace(/\/+$/, '');
  const run = `${root}/applications/${applicationId}/jobs/${jobRunId}/`;
  return objects.list(attempt === undefined ? run : `${run}attempts/${attempt}/`, { max: 1_000 });
}

function textOf(objects: ObjectStore, key: string): string {
  const body = objects.get(key)?.body;
  return body ? gunzipSync(body).toString('utf8') : '';
}

/** The objects of the world under a location, as the reader of checkpoints wants them. */
function worldFiles(objects: ObjectStore, location: string): CheckpointFiles {
  const root = `${location.replace(/^s3:\/\//, '')}/`;
  return {
    location,
    async list(folder, depth) {
      const prefix = folder === '' ? root : `${root}${folder}/`;
      const found = objects.list(prefix, { max: 50_000 }).map((object) => ({
        name: object.key.slice(prefix.length),
        sizeBytes: object.sizeBytes,
        modifiedMs: object.lastModifiedMs,
      }));
      const files = depth === 'deep' ? found : found.filter(({ name }) => !name.includes('/'));
      const folders = new Set(
        found.flatMap(({ name }) => (name.includes('/') ? [name.split('/')[0] ?? ''] : [])),
      );
      return { ok: true, value: { files, folders: depth === 'deep' ? [] : [...folders], isCut: false } };
    },
    async read(path, bytesMax) {
      const found = objects.get(`${root}${path}`);
      if (!found) return { ok: false, code: 'not-found', message: `${path} is not there` };
      return {
        ok: true,
        value: { bytes: found.body.subarray(0, bytesMax), isCut: found.body.length > bytesMax },
      };
    },
  };
}

function batchFiles(objects: ObjectStore, prefix: string): BatchFiles {
  const names = objects
    .list(prefix, { max: 1_000 })
    .map(({ key, lastModifiedMs }) => [key.slice(prefix.length), lastModifiedMs] as const);
  return new Map(names.filter(([name]) => /^\d+$/.test(name)).map(([name, atMs]) => [Number(name), atMs]));
}

export function answering<T>(work: () => Answer<T>): Answer<T> {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error;
    return { ok: false, code: codeOf(error), message: error.message };
  }
}

function codeOf(error: ServiceError): Failure['code'] {
  if (error.name === 'ThrottlingException' || error.name === 'LimitExceededException') return 'throttled';
  if (error.name === 'ResourceNotFoundException') return 'not-found';
  return error.status >= 500 ? 'unavailable' : 'malformed';
}

type Refusal = Extract<StartAnswer, CancelAnswer>;

export function refusalOf(error: unknown): Exclude<Refusal, { kind: 'accepted' }> {
  if (!(error instanceof ServiceError)) throw error;
  const { name: code, message } = error;
  if (code === 'ThrottlingException' || code === 'ConflictException' || error.status === 402)
    return { kind: 'not-now', message };
  if (code === 'InvalidSignatureException') return { kind: 'too-late' };
  return error.status >= 500 ? { kind: 'ambiguous', message } : { kind: 'refused', code, message };
}
