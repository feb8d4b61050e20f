import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { text as textOf } from 'node:stream/consumers';
import { Command } from 'commander';
import { classify } from '../core/failure/classify.ts';
import { type FailureRow, readFailureRow } from './failure-rows.ts';
import { type ExitCode, exitCodes, type Host, outJson, type Verbs } from './host.ts';
import { judgementJson, judgementText } from './output/judgement.ts';

interface ClassifyOptions {
  readonly jsonl?: string;
  readonly json?: boolean;
}

/** `checkpilot classify`: what Checkpilot would make of a failure text, without a call to anything. */
export function classifyCommand({ host, run }: Verbs): Command {
  return new Command('classify')
    .description('say why a run ended, from its log: class, action, evidence')
    .argument('[file]', 'a log, or the stateDetails of a run; - reads stdin')
    .option('--jsonl <file>', 'judge many texts: one { id, text, context? } a line; - reads stdin')
    .option('--json', 'print JSON; with --jsonl one document a line, which it always does')
    .action((file: string | undefined, { jsonl, json }: ClassifyOptions) =>
      run(() => {
        if (file !== undefined && jsonl === undefined) return one(file, json === true, host);
        if (file === undefined && jsonl !== undefined) return many(jsonl, host);
        host.err('error: name one FILE or --jsonl FILE; - is stdin\n');
        return exitCodes.usage;
      }),
    );
}

async function one(file: string, json: boolean, host: Host): Promise<ExitCode> {
  const read = await readText(file, host);
  if (!read.ok) return unreadable(read.message, host);
  const judgement = classify({
    state: 'FAILED',
    text: '',
    logs: [{ source: file === '-' ? 'stdin' : file, text: read.text }],
  });
  if (json) outJson(host, judgementJson(judgement));
  else host.out(judgementText(judgement));
  return exitCodes.fine;
}

async function many(file: string, host: Host): Promise<ExitCode> {
  const read = await readText(file, host);
  if (!read.ok) return unreadable(read.message, host);
  let exitCode: ExitCode = exitCodes.fine;
  for (const [index, line] of read.text.split('\n').entries()) {
    if (line.trim() === '') continue;
    const row = readFailureRow(line);
    if (row.ok) host.out(`${JSON.stringify({ id: row.row.id, ...judgementJson(judge(row.row)) })}\n`);
    else {
      host.err(`${file === '-' ? 'stdin' : file}:${index + 1}: ${row.message}\n`);
      exitCode = exitCodes.failed;
    }
  }
  return exitCode;
}

function judge({ text, context: { state = 'FAILED', ...context } }: FailureRow) {
  return classify({ state, text, context });
}

type Read = { readonly ok: true; readonly text: string } | { readonly ok: false; readonly message: string };

async function readText(file: string, host: Host): Promise<Read> {
  if (file === '-') return { ok: true, text: await textOf(host.in ?? process.stdin) };
  try {
    return { ok: true, text: await readFile(resolve(host.cwd, file), 'utf8') };
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException;
    const what = {
      ENOENT: 'there is no such file',
      EISDIR: 'this is a folder',
      EACCES: 'it may not be read',
    }[code];
    return { ok: false, message: `${file}: ${what ?? message}; name a text file, or - for stdin` };
  }
}

function unreadable(message: string, host: Host): ExitCode {
  host.err(`${message}\n`);
  return exitCodes.failed;
}
