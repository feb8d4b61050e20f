import type { LogSearch, SearchAnswer } from '../control/ports.ts';
import type { JobRun } from '../core/job-run.ts';
import type { LogText } from '../core/observation.ts';
import { toFailure } from './failures.ts';
import { s3PlaceOf } from './log-places.ts';
import { drain, unzipped } from './log-stream.ts';
import type { LogFile, S3LogFiles } from './s3-log-files.ts';
import { Sieve } from './sieve.ts';

/** Files of one search. More are left to the next one. */
const filesMax = 12;
/** Of a gzip, which is read from its start; of a plain file its end. Honest logs are rotated long before. */
const packedBytesMax = 16 * 1024 * 1024;
const plainBytesMax = 4 * 1024 * 1024;
const textBytesMax = 128 * 1024 * 1024;
const searchMsMax = 8_000;

/** Files that are no older than this when a search begins are read once more: a file is dated when its upload begins. */
const uploadMs = 60_000;

/** Up to which key the search got, and the newest file that it met; another place has other marks. */
const markShape = /^s3:(\d+):([\s\S]*)$/;

/**
 * The stderr of every worker of an attempt that was written since, sieved for some words. It goes through the files in
 * the order of their keys, so that a key is where to go on: what was not reached, for bounds of calls, bytes and time,
 * is searched the next time, and only the last part moves `throughMs`.
 */
export async function searchS3Logs(
  files: S3LogFiles,
  run: JobRun,
  { attempt, sinceMs, nowMs, rest, words }: LogSearch,
): Promise<SearchAnswer> {
  const root = s3PlaceOf(run);
  if (root === undefined) return { kind: 'none', why: 'the run writes its logs to no S3 location' };
  const abort = AbortSignal.timeout(searchMsMax);
  const folder = `${root.prefix}applications/${run.applicationId}/jobs/${run.jobRunId}/`;
  const [, newestBefore, after] = markShape.exec(rest?.mark ?? '') ?? [];
  const isFresh = ({ key, modifiedMs }: LogFile) => isStderr(key, folder) && modifiedMs > sinceMs;
  const isEnough = (listed: readonly LogFile[]) => listed.filter(isFresh).length > filesMax;
  const logs: LogText[] = [];
  let stopped: Part | undefined;
  try {
    const listed = await files.ofAll(root.bucket, folder, { attempt, abort, after, isEnough });
    const isNone = after === undefined && listed.cutAt === undefined;
    if (isNone && !listed.files.some(({ key }) => isStderr(key, folder)))
      return { kind: 'none', why: 'no log has arrived yet', mayCome: true };
    const newestMs = Math.max(Number(newestBefore ?? 0), ...listed.files.map(({ modifiedMs }) => modifiedMs));
    const fresh = listed.files.filter(isFresh);
    for (const [index, file] of fresh.slice(0, filesMax).entries()) {
      logs.push(await sieved(files, { bucket: root.bucket, ...file }, words, abort));
      stopped = { at: file.key, newestMs, left: fresh.length - index - 1 };
    }
    if (stopped === undefined || stopped.left === 0) {
      const beganMs = after === undefined ? nowMs : (rest?.beganMs ?? nowMs);
      const throughMs = Math.max(sinceMs, Math.min(newestMs, beganMs - uploadMs));
      if (listed.cutAt === undefined) return { kind: 'read', logs, throughMs };
      stopped = { at: listed.cutAt, newestMs, left: 0 };
    }
    return { kind: 'read', logs, throughMs: sinceMs, ...leftOf(stopped) };
  } catch (error) {
    // What was read by then counts.
    if (stopped) return { kind: 'read', logs, throughMs: sinceMs, ...leftOf(stopped) };
    const failure = abort.aborted
      ? { code: 'unavailable', message: `not read within ${searchMsMax} ms` }
      : toFailure(error);
    return { kind: 'unknown', why: `${failure.code}: ${failure.message}` };
  }
}

interface Part {
  /** Key of the last file that was dealt with. */
  readonly at: string;
  readonly newestMs: number;
  readonly left: number;
}

function leftOf({ at, newestMs, left }: Part): { readonly unread: string; readonly mark: string } {
  const unread = left > 0 ? `${left} more files` : 'files beyond those that were listed';
  return { unread, mark: `s3:${newestMs}:${at}` };
}

function isStderr(key: string, folder: string): boolean {
  return /(?:^|[/_-])stderr/i.test(key.slice(folder.length));
}

async function sieved(
  files: S3LogFiles,
  { bucket, key }: LogFile & { readonly bucket: string },
  words: readonly string[],
  abortSignal: AbortSignal,
): Promise<LogText> {
  const isPacked = key.endsWith('.gz');
  const range = isPacked ? `bytes=0-${packedBytesMax - 1}` : `bytes=-${plainBytesMax}`;
  const { body } = await files.open({ bucket, key, range }, abortSignal);
  const sieve = new Sieve(words);
  if (body) await drain(isPacked ? unzipped(body) : body, sieve, { bytesMax: textBytesMax, abortSignal });
  return {
    source: key.slice(key.search(/SPARK_(?:DRIVER|EXECUTOR)\//i)),
    text: sieve.text(),
    linesBefore: 0,
  };
}
