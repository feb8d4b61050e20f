import type { LogSearch, SearchAnswer } from '../control/ports.ts';
import type { JobRun } from '../core/job-run.ts';
import type { LogText } from '../core/observation.ts';
import { toFailure } from './failures.ts';
import { logNameOf, s3PlaceOf } from './log-places.ts';
import { drain } from './log-stream.ts';
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
  const parts: Sieved[] = [];
  let stopped: Part | undefined;
  const soFar = () => ({ kind: 'read' as const, logs: parts.map(({ log }) => log), ...cutOf(parts) });
  try {
    const listed = await files.ofAll(root.bucket, folder, { attempt, abort, after, isEnough });
    const isNone = after === undefined && listed.cutAt === undefined;
    if (isNone && !listed.files.some(({ key }) => isStderr(key, folder)))
      return { kind: 'none', why: 'no log has arrived yet', mayCome: true };
    const newestMs = Math.max(Number(newestBefore ?? 0), ...listed.files.map(({ modifiedMs }) => modifiedMs));
    const fresh = listed.files.filter(isFresh);
    for (const [index, file] of fresh.slice(0, filesMax).entries()) {
      const of = { words, abort, isFirst: index === 0 };
      parts.push(await sieved(files, { bucket: root.bucket, ...file }, of));
      stopped = { at: file.key, newestMs, left: fresh.length - index - 1 };
    }
    if (stopped === undefined || stopped.left === 0) {
      const beganMs = after === undefined ? nowMs : (rest?.beganMs ?? nowMs);
      const throughMs = Math.max(sinceMs, Math.min(newestMs, beganMs - uploadMs));
      if (listed.cutAt === undefined) return { ...soFar(), throughMs };
      stopped = { at: listed.cutAt, newestMs, left: 0 };
    }
    return { ...soFar(), throughMs: sinceMs, ...leftOf(stopped) };
  } catch (error) {
    // What was read by then counts.
    if (stopped) return { ...soFar(), throughMs: sinceMs, ...leftOf(stopped) };
    return { kind: 'unknown', why: whyOf(error, abort) };
  }
}

function whyOf(error: unknown, abort: AbortSignal): string {
  if (abort.aborted) return `unavailable: not read within ${searchMsMax} ms`;
  if (error instanceof BrokenOff) return `unavailable: ${error.message}`;
  const { code, message } = toFailure(error);
  return `${code}: ${message}`;
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

/** A file that the connection broke off; a gzip that is not finished yet is another thing, and no failure. */
class BrokenOff extends Error {}

interface Sieved {
  readonly log: LogText;
  /** Which part of it nobody will read. */
  readonly cut?: string;
}

async function sieved(
  files: S3LogFiles,
  { bucket, key, bytes }: LogFile & { readonly bucket: string },
  { words, abort, isFirst }: { words: readonly string[]; abort: AbortSignal; isFirst: boolean },
): Promise<Sieved> {
  const isPacked = key.endsWith('.gz');
  const range = isPacked ? `bytes=0-${packedBytesMax - 1}` : `bytes=-${plainBytesMax}`;
  const { body } = await files.open({ bucket, key, range }, abort);
  const sieve = new Sieve(words);
  let read = 0;
  const into = {
    push(chunk: Buffer) {
      read += chunk.length;
      sieve.push(chunk);
    },
  };
  let isCut = bytes > (isPacked ? packedBytesMax : plainBytesMax);
  try {
    const limits = { bytesMax: textBytesMax, abortSignal: abort };
    const isLong = body !== undefined && (await drain(body, into, limits));
    if (!isLong && body?.errored) throw new BrokenOff(`${key} broke off: ${body.errored.message}`);
    isCut ||= isLong;
  } catch (error) {
    // With a search to itself it was not done: it never would be.
    if (!abort.aborted || !isFirst || read === 0) throw error;
    isCut = true;
  }
  const source = logNameOf(key);
  const log = { source, text: sieve.text(), linesBefore: 0 };
  if (isCut) return { log, cut: `the ${isPacked ? 'end' : 'beginning'} of ${source}` };
  return sieve.hasDropped ? { log, cut: `the oldest warnings in ${source}` } : { log };
}

/** A few names: there may be twelve. */
function cutOf(parts: readonly Sieved[]): { readonly cut?: string } {
  const cuts = parts.flatMap(({ cut }) => cut ?? []);
  if (cuts.length === 0) return {};
  const more = cuts.length > 3 ? ` and of ${cuts.length - 3} more files` : '';
  return { cut: `${cuts.slice(0, 3).join(', ')}${more}` };
}
