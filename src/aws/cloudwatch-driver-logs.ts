import {
  type CloudWatchLogsClient,
  DescribeLogStreamsCommand,
  GetLogEventsCommand,
  type LogStream,
} from '@aws-sdk/client-cloudwatch-logs';
import type { DriverLogs, LogSearch, LogsAnswer, SearchAnswer } from '../control/ports.ts';
import type { JobRun } from '../core/job-run.ts';
import type { LogText } from '../core/observation.ts';
import { searchGroup } from './cloudwatch-log-search.ts';
import { toFailure } from './failures.ts';
import { cloudWatchOf, logNameOf } from './log-places.ts';
import type { Permissions } from './permissions.ts';
import { endOf } from './tail.ts';

/** For all calls of a run together, as with S3. */
const readMsMax = 8_000;
/** A page of events holds at most 1 MB. An empty one does not mean that there is no other. */
const pagesMax = 3;
/** The last of it is kept: the classifier looks at the last 64 KB and at loud lines before them. */
const keptChars = 512 * 1024;
/** The newest stream, and the one before it. */
const stderrStreamsMax = 2;

/**
 * What the driver of a run wrote, from the CloudWatch log group that its request names: the last page of stderr and
 * stdout of the attempt. Streams are named `<prefix>/applications/<id>/jobs/<run>/[attempts/<n>/]SPARK_DRIVER/stderr`;
 * the layout of attempts is not documented, so both are asked for. At most two or four listings and three pages for
 * each of three streams.
 */
export class CloudWatchDriverLogs implements DriverLogs {
  readonly #client: CloudWatchLogsClient;
  readonly #readMsMax: number;

  constructor(client: CloudWatchLogsClient, limits: { readonly readMsMax?: number } = {}) {
    this.#client = client;
    this.#readMsMax = limits.readMsMax ?? readMsMax;
  }

  read(run: JobRun, attempt?: number): Promise<LogsAnswer> {
    const files = { stdout: 1, stderr: stderrStreamsMax };
    return this.#read(run, attempt, { folder: 'SPARK_DRIVER', who: 'driver', files });
  }

  readExecutor(run: JobRun, executor: string, attempt?: number): Promise<LogsAnswer> {
    return this.#read(run, attempt, {
      folder: `SPARK_EXECUTOR/${executor}`,
      who: 'executor',
      files: { stderr: 1 },
    });
  }

  /** The service itself looks through all streams of the run: one call, or a few where it pauses. */
  async search(run: JobRun, search: LogSearch): Promise<SearchAnswer> {
    const place = cloudWatchOf(run);
    if (!place) return { kind: 'none', why: 'the run writes its logs to no CloudWatch log group' };
    const abort = AbortSignal.timeout(this.#readMsMax);
    try {
      return await searchGroup(this.#client, { run, place, search, abort });
    } catch (error) {
      return this.#failed(error, abort, place.group);
    }
  }

  #failed(error: unknown, abort: AbortSignal, group: string): Exclude<LogsAnswer, { kind: 'read' }> {
    if (abort.aborted) return { kind: 'unknown', why: `unavailable: not read within ${this.#readMsMax} ms` };
    const { code, message } = toFailure(error);
    // The service makes the group when it has something to write.
    return code === 'not-found'
      ? { kind: 'none', why: `there is no log group ${group}`, mayCome: true }
      : { kind: 'unknown', why: `${code}: ${message}` };
  }

  async #read(run: JobRun, attempt: number | undefined, worker: Worker): Promise<LogsAnswer> {
    const place = cloudWatchOf(run);
    if (!place) return { kind: 'none', why: 'the run writes its logs to no CloudWatch log group' };
    const abort = AbortSignal.timeout(this.#readMsMax);
    try {
      const streams = await this.#streamsOf(place, foldersOf(run, attempt, worker.folder), abort);
      const wanted = Object.entries(worker.files).flatMap(([name, count]) => newest(streams, name, count));
      if (wanted.length === 0)
        return { kind: 'none', why: `no ${worker.who} log has arrived in ${place.group} yet`, mayCome: true };
      const logs: LogText[] = [];
      for (const stream of wanted) logs.push(await this.#tailOf(place.group, stream, abort));
      return { kind: 'read', logs };
    } catch (error) {
      return this.#failed(error, abort, place.group);
    }
  }

  /** The first of these folders that holds streams. */
  async #streamsOf(
    { group, prefix }: { group: string; prefix: string },
    folders: readonly string[],
    abortSignal: AbortSignal,
  ): Promise<readonly LogStream[]> {
    for (const folder of folders) {
      const { logStreams = [] } = await this.#client.send(
        new DescribeLogStreamsCommand({ logGroupName: group, logStreamNamePrefix: `${prefix}${folder}` }),
        { abortSignal },
      );
      if (logStreams.length > 0) return logStreams;
    }
    return [];
  }

  async #tailOf(
    group: string,
    { logStreamName = '' }: LogStream,
    abortSignal: AbortSignal,
  ): Promise<LogText> {
    let nextToken: string | undefined;
    for (let page = 0; ; page += 1) {
      const { events = [], nextBackwardToken } = await this.#client.send(
        new GetLogEventsCommand({
          logGroupName: group,
          logStreamName,
          startFromHead: false,
          ...(nextToken === undefined ? {} : { nextToken }),
        }),
        { abortSignal },
      );
      const isLast =
        page + 1 >= pagesMax || nextBackwardToken === undefined || nextBackwardToken === nextToken;
      if (events.length === 0 && !isLast) {
        nextToken = nextBackwardToken;
        continue;
      }
      const since = events[0]?.timestamp;
      const name = logNameOf(logStreamName);
      // Lines are counted from the first that was read: how many stood before it nobody says.
      const source = since === undefined ? name : `${name} since ${new Date(since).toISOString()}`;
      const text = events.map(({ message = '' }) => message).join('\n');
      return { source, text: endOf(text, keptChars), linesBefore: 0 };
    }
  }
}

interface Worker {
  readonly folder: string;
  readonly who: string;
  /** How many of the newest streams whose name begins so. */
  readonly files: Readonly<Record<string, number>>;
}

/** Of a given attempt only its own words count; else those of the newest, or of the run as a whole. */
function foldersOf(
  { applicationId, jobRunId, attempt: newestAttempt }: JobRun,
  attempt: number | undefined,
  worker: string,
): readonly string[] {
  const run = `applications/${applicationId}/jobs/${jobRunId}/`;
  const number = attempt ?? newestAttempt;
  const inAttempt = number === undefined ? [] : [`${run}attempts/${number}/${worker}/`];
  return attempt === undefined ? [...inAttempt, `${run}${worker}/`] : inAttempt;
}

/** The oldest of them first. */
function newest(streams: readonly LogStream[], name: string, count: number): readonly LogStream[] {
  return streams
    .filter(({ logStreamName = '' }) => (logStreamName.split('/').at(-1) ?? '').startsWith(name))
    .toSorted((a, b) => (b.lastEventTimestamp ?? 0) - (a.lastEventTimestamp ?? 0))
    .slice(0, count)
    .reverse();
}

export const cloudWatchLogPermissions: Permissions = {
  title: 'read the driver logs in the log groups of the parameter LogGroupArns',
  actions: ['logs:DescribeLogStreams', 'logs:GetLogEvents'],
};
