import type { S3Client } from '@aws-sdk/client-s3';
import type { DriverLogs, LogSearch, LogsAnswer, SearchAnswer } from '../control/ports.ts';
import type { JobRun } from '../core/job-run.ts';
import type { LogText } from '../core/observation.ts';
import { toFailure } from './failures.ts';
import { logNameOf, s3PlaceOf } from './log-places.ts';
import { drain } from './log-stream.ts';
import { type LogFile, S3LogFiles } from './s3-log-files.ts';
import { searchS3Logs } from './s3-log-search.ts';
import { Tail } from './tail.ts';

/** What of a file is read at most: a gzip can only be read from its start, and its end is what matters. */
const packedBytesMax = 64 * 1024 * 1024;
/** Where reading ends however far a small file unfolds: the last words of an honest log come long before. */
const textBytesMax = 512 * 1024 * 1024;
/** The end of a log that is kept. The classifier itself looks at the last 64 KB and at loud lines before them. */
const keptBytes = 512 * 1024;
/** For all files of a run together: a pass must not wait longer for its evidence than for its start. */
const readMsMax = 8_000;
/** The newest file, and the one that was rotated away just before it. */
const stderrFilesMax = 2;

interface Limits {
  readonly packedBytesMax: number;
  readonly textBytesMax: number;
  readonly readMsMax: number;
}

/**
 * What the driver of a run wrote, from the S3 location in its own request: the last part of stderr and stdout of its
 * newest attempt. At most five listings and three objects, bounded in bytes and time; a file that breaks off counts as
 * far as it goes. The layout of attempts and archives is not documented, so files are found by their names.
 */
export class S3DriverLogs implements DriverLogs {
  readonly #files: S3LogFiles;
  readonly #limits: Limits;

  constructor(client: S3Client, limits: Partial<Limits> = {}) {
    this.#files = new S3LogFiles(client);
    this.#limits = { packedBytesMax, textBytesMax, readMsMax, ...limits };
  }

  read(run: JobRun, attempt?: number): Promise<LogsAnswer> {
    const files = { stdout: 1, stderr: stderrFilesMax };
    return this.#read(run, attempt, { folder: 'SPARK_DRIVER', who: 'driver', files });
  }

  /** The newest stderr of `SPARK_EXECUTOR/<id>/`. */
  readExecutor(run: JobRun, executor: string, attempt?: number): Promise<LogsAnswer> {
    const worker = { folder: `SPARK_EXECUTOR/${executor}`, who: 'executor', files: { stderr: 1 } };
    return this.#read(run, attempt, worker);
  }

  /** Of all its workers, the files that are new or longer since. */
  search(run: JobRun, search: LogSearch): Promise<SearchAnswer> {
    return searchS3Logs(this.#files, run, search);
  }

  async #read(run: JobRun, attempt: number | undefined, worker: Worker): Promise<LogsAnswer> {
    const root = s3PlaceOf(run);
    if (root === undefined) return { kind: 'none', why: 'the run writes its logs to no S3 location' };
    const abort = AbortSignal.timeout(this.#limits.readMsMax);
    const folder = `${root.prefix}applications/${run.applicationId}/jobs/${run.jobRunId}/`;
    try {
      const files = await this.#files.ofWorker(root.bucket, folder, {
        attempt,
        worker: worker.folder,
        abort,
      });
      const wanted = Object.entries(worker.files).flatMap(([name, count]) => newest(files, name, count));
      if (wanted.length === 0)
        return { kind: 'none', why: `no ${worker.who} log has arrived yet`, mayCome: true };
      const logs: LogText[] = [];
      for (const { key } of wanted) logs.push(await this.#tailOf(root.bucket, key, abort));
      return { kind: 'read', logs };
    } catch (error) {
      const failure = abort.aborted
        ? { code: 'unavailable', message: `not read within ${this.#limits.readMsMax} ms` }
        : toFailure(error);
      return { kind: 'unknown', why: `${failure.code}: ${failure.message}` };
    }
  }

  async #tailOf(bucket: string, key: string, abortSignal: AbortSignal): Promise<LogText> {
    const { packedBytesMax: packed, textBytesMax: unpacked } = this.#limits;
    const isPacked = key.endsWith('.gz');
    // The end of a plain file can be asked for; a gzip can only be read from its start.
    const range = isPacked ? `bytes=0-${packed - 1}` : `bytes=-${keptBytes}`;
    const { body, contentRange } = await this.#files.open({ bucket, key, range }, abortSignal);
    const tail = new Tail(keptBytes);
    if (body) await drain(body, tail, { bytesMax: unpacked, abortSignal });
    const part = partText(contentRange, isPacked);
    return { source: `${logNameOf(key)}${part}`, ...tail.text({ isPart: !isPacked && part !== '' }) };
  }
}

/** Of which part of the file the lines are counted, where it is not the whole. */
function partText(contentRange: string | undefined, isPacked: boolean): string {
  const [from = 0, to = 0, size = 0] = (/^bytes (\d+)-(\d+)\/(\d+)$/.exec(contentRange ?? '') ?? [])
    .slice(1)
    .map(Number);
  if (to + 1 >= size && from === 0) return '';
  return isPacked ? ` (its first ${to + 1} bytes)` : ` from byte ${from}`;
}

interface Worker {
  readonly folder: string;
  readonly who: string;
  /** How many of the newest files whose name begins so. */
  readonly files: Readonly<Record<string, number>>;
}

/** The oldest of them first. */
function newest(files: readonly LogFile[], name: string, count: number): readonly LogFile[] {
  return files
    .filter(({ key }) => (key.split('/').at(-1) ?? '').startsWith(name))
    .sort((a, b) => b.modifiedMs - a.modifiedMs || (a.key < b.key ? 1 : -1))
    .slice(0, count)
    .reverse();
}
