import { readFile } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import { buffer as bytesOf } from 'node:stream/consumers';
import { constants, gunzipSync } from 'node:zlib';
import { Command } from 'commander';
import { classify, type TextSource } from '../core/failure/classify.ts';
import { type FailureRow, readFailureRow } from './failure-rows.ts';
import { type ExitCode, exitCodes, type Host, outJson, type Verbs } from './host.ts';
import { judgementJson, judgementText } from './output/judgement.ts';
import { fail, misused } from './problems.ts';

interface ClassifyOptions {
  readonly jsonl?: string;
  readonly json?: boolean;
}

/** `checkpilot classify`: what Checkpilot would make of a failure text, without a call to anything. */
export function classifyCommand({ host, run }: Verbs): Command {
  return new Command('classify')
    .description('say why a run ended, from its log: class, action, evidence')
    .argument(
      '[file...]',
      'logs of one run, plain or .gz, or its stateDetails: judged together; - reads stdin',
    )
    .option('--jsonl <file>', 'judge many texts: one { id, text, context? } a line; - reads stdin')
    .option('--json', 'print JSON; with --jsonl one document a line, which it always does')
    .action((files: readonly string[], { jsonl, json }: ClassifyOptions) =>
      run(() => {
        if (files.length > 0 && jsonl === undefined) return together(files, json === true, host);
        if (files.length === 0 && jsonl !== undefined) return many(jsonl, host);
        return misused(host, 'error: name the FILEs of one run, or --jsonl FILE; - is stdin');
      }),
    );
}

async function together(files: readonly string[], json: boolean, host: Host): Promise<ExitCode> {
  if (files.filter((file) => file === '-').length > 1)
    return misused(host, 'stdin can be read once: name - once');
  const logs: TextSource[] = [];
  for (const file of inOrder(files)) {
    const read = await readText(file, host);
    if (!read.ok) return unreadable(file, read.message, host);
    logs.push({ source: file === '-' ? 'stdin' : file, text: read.text });
  }
  const judgement = classify({ state: 'FAILED', text: '', logs });
  if (json) outJson(host, judgementJson(judgement));
  else host.out(judgementText(judgement));
  return exitCodes.fine;
}

/** As the functions read the logs of a run: stdout of the driver, its stderr, then those of an executor. */
function inOrder(files: readonly string[]): readonly string[] {
  const rank = (file: string) => {
    if (/SPARK_EXECUTOR\//i.test(file)) return 2;
    return basename(file).startsWith('stdout') ? 0 : 1;
  };
  return files.toSorted((one, other) => rank(one) - rank(other));
}

/** A file of something else has a bad line on each line. */
const badLinesShownMax = 5;

async function many(file: string, host: Host): Promise<ExitCode> {
  const read = await readText(file, host);
  if (!read.ok) return unreadable(file, read.message, host);
  let [good, bad] = [0, 0];
  for (const [index, text] of read.text.split('\n').entries()) {
    if (text.trim() === '') continue;
    const row = readFailureRow(text);
    if (row.ok) {
      good += 1;
      host.out(`${JSON.stringify({ id: row.row.id, ...judgementJson(judge(row.row)) })}\n`);
      continue;
    }
    bad += 1;
    if (bad > badLinesShownMax) continue;
    const [name, line] = [file === '-' ? 'stdin' : file, index + 1];
    const message = `${name}:${line}: ${row.message}`;
    fail(host, exitCodes.failed, { code: 'bad-line', message, file: name, line });
  }
  const hidden = bad - badLinesShownMax;
  if (hidden > 0) host.err(`… and ${hidden} more bad line${hidden === 1 ? '' : 's'}\n`);
  if (bad > 0 && good === 0)
    host.err('For a log or another plain text leave out --jsonl: checkpilot classify FILE\n');
  return bad > 0 ? exitCodes.failed : exitCodes.fine;
}

function judge({ text, context: { state = 'FAILED', ...context } }: FailureRow) {
  return classify({ state, text, context });
}

type Read = { readonly ok: true; readonly text: string } | { readonly ok: false; readonly message: string };

async function readText(file: string, host: Host): Promise<Read> {
  try {
    const bytes =
      file === '-' ? await bytesOf(host.in ?? process.stdin) : await readFile(resolve(host.cwd, file));
    const isPacked = bytes[0] === 0x1f && bytes[1] === 0x8b;
    const text = isPacked ? gunzipSync(bytes, unpacking) : bytes;
    return { ok: true, text: text.toString('utf8') };
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException;
    const what = {
      ENOENT: 'there is no such file',
      EISDIR: 'this is a folder',
      EACCES: 'it may not be read',
      ERR_BUFFER_TOO_LARGE: `it unpacks to more than ${unpackedMbMax} MB (its end is what counts: zcat … | tail -c 10M)`,
      Z_DATA_ERROR: 'it begins like a gzip and cannot be unpacked',
    }[code];
    return { ok: false, message: `${file}: ${what ?? message}; name a text file, or - for stdin` };
  }
}

/** A gzip of a few kilobytes can unpack to gigabytes. */
const unpackedMbMax = 256;
// What breaks off counts as far as it goes, as with the functions.
const unpacking = { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: unpackedMbMax * 1024 * 1024 };

function unreadable(file: string, message: string, host: Host): ExitCode {
  return fail(host, exitCodes.failed, { code: 'unreadable', message, file });
}
