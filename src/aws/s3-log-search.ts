import type { LogSearch, SearchAnswer } from '../control/ports.ts';
import type { JobRun } from '../core/job-run.ts';
import type { LogText } from '../core/observation.ts';
import { toFailure } from './failures.ts';
import { s3PlaceOf } from './log-places.ts';
import { drain, unzipped } from './log-stream.ts';
import type { LogFile, S3LogFiles } from './s3-log-files.ts';
import { Sieve } from './sieve.ts';

/** Files of one search. More are left to the next one, the oldest first. */
const filesMax = 12;
/** Of a gzip, which is read from its start; of a plain file its end. Honest logs are rotated long before. */
const packedBytesMax = 16 * 1024 * 1024;
const plainBytesMax = 4 * 1024 * 1024;
const textBytesMax = 128 * 1024 * 1024;
const searchMsMax = 8_000;

/**
 * The stderr of every worker of an attempt that was written since, sieved for some words. At most four listings and twelve
 * objects, bounded in bytes and time: what was not reached is searched the next time.
 */
export async function searchS3Logs(
  files: S3LogFiles,
  run: JobRun,
  { attempt, sinceMs, words }: LogSearch,
): Promise<SearchAnswer> {
  const root = s3PlaceOf(run);
  if (root === undefined) return { kind: 'none', why: 'the run writes its logs to no S3 location' };
  const abort = AbortSignal.timeout(searchMsMax);
  const folder = `${root.prefix}applications/${run.applicationId}/jobs/${run.jobRunId}/`;
  const logs: LogText[] = [];
  let throughMs = sinceMs;
  let left = 0;
  try {
    const { files: all, isCut } = await files.ofAll(root.bucket, folder, { attempt, abort });
    const ofStderr = all.filter(({ key }) => /(?:^|[/_-])stderr/i.test(key.slice(folder.length)));
    if (ofStderr.length === 0) return { kind: 'none', why: 'no log has arrived yet', mayCome: true };
    const fresh = ofStderr
      .filter(({ modifiedMs }) => modifiedMs > sinceMs)
      .sort((a, b) => a.modifiedMs - b.modifiedMs);
    left = fresh.length;
    for (const [index, file] of fresh.slice(0, filesMax).entries()) {
      logs.push(await sieved(files, { bucket: root.bucket, ...file }, words, abort));
      left -= 1;
      // Two files of one second must not make the second one old.
      throughMs = fresh[index + 1]?.modifiedMs === file.modifiedMs ? throughMs : file.modifiedMs;
    }
    const more = isCut ? 'files beyond the first thousand' : left > 0 ? `${left} more files` : undefined;
    return { kind: 'read', logs, throughMs, ...(more === undefined ? {} : { unread: more }) };
  } catch (error) {
    // What was read by then counts.
    if (abort.aborted && logs.length > 0)
      return { kind: 'read', logs, throughMs, unread: `${left} more files` };
    const failure = abort.aborted
      ? { code: 'unavailable', message: `not read within ${searchMsMax} ms` }
      : toFailure(error);
    return { kind: 'unknown', why: `${failure.code}: ${failure.message}` };
  }
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
