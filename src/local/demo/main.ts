import { writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs, styleText } from 'node:util';
import type { Decision } from '../../core/decision.ts';
import { explain } from '../../core/explain.ts';
import type { SlackPost } from '../slack.ts';
import type { LocalStack } from '../stack.ts';
import { invitation, keepOpen } from './keep.ts';
import type { Outcome } from './outcome.ts';
import { type Audience, play } from './play.ts';
import { measureRealTime } from './real-time.ts';
import { scenario, usualStartMs } from './scenario.ts';
import { channelView } from './slack-view.ts';
import { type Line, render, wrap } from './timeline.ts';

const root = dirname(dirname(dirname(dirname(fileURLToPath(import.meta.url)))));
const usage = `npm run demo -- [--headless] [--json] [--calls FILE] [--seed N]

  --headless   no pauses for reading
  --json       one JSON document on stdout, nothing else there
  --calls FILE what the world really saw, one JSON object a line
  --seed N     another run of chance (default 7)
  --keep       leaves the stack open afterwards, for trying the command line on it
  --real-time  measures instead: wall clock from event to StartJobRun`;

/** 240 restarts, so that the 99th percentile is more than the worst of a few. */
const measured = { jobs: 20, deaths: 12 };

/** How long a person gets for a line. */
const readMs = 350;

interface Options {
  readonly isHeadless: boolean;
  readonly isJson: boolean;
  readonly callsFile: string | undefined;
  readonly seed: number;
  readonly isKept: boolean;
  readonly startMs: number;
}

async function main(): Promise<number> {
  const options = readOptions();
  if (options === 'help') {
    process.stdout.write(`${usage}\n`);
    return 0;
  }
  if (options === 'real-time') {
    process.stdout.write(`${JSON.stringify(await measureRealTime(measured))}\n`);
    return 0;
  }
  if (typeof options === 'string') {
    process.stderr.write(`${options}\n\n${usage}\n`);
    return 64;
  }
  const unwritable = await unwritableFile(options.callsFile);
  if (unwritable !== undefined) {
    process.stderr.write(`--calls: ${unwritable}\n`);
    return 1;
  }
  const out = printer(options);
  const { outcome } = await play(
    root,
    options,
    out,
    async ({ outcome, decisions, posts, journal }, stack) => {
      if (options.callsFile) await writeFile(options.callsFile, journal);
      out.end(outcome, decisions, posts);
      if (options.isKept) await keep(stack);
    },
  );
  return outcome.ok ? 0 : 1;
}

/** Until somebody ends it. */
async function keep(stack: LocalStack): Promise<void> {
  const ended = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => ended.abort());
  process.stdout.write(`${invitation(stack).join('\n')}\n`);
  await keepOpen(stack, ended.signal);
}

/** Found out before the story, not after it. */
async function unwritableFile(file: string | undefined): Promise<string | undefined> {
  if (file === undefined) return undefined;
  return writeFile(file, '').then(
    () => undefined,
    (error: Error) => `${file} cannot be written (${error.message})`,
  );
}

function readOptions(): Options | string {
  try {
    const { values } = parseArgs({
      options: {
        headless: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
        calls: { type: 'string' },
        seed: { type: 'string', default: '7' },
        'real-time': { type: 'boolean', default: false },
        keep: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    });
    if (values.help) return 'help';
    if (values['real-time']) return 'real-time';
    if (!/^\d{1,9}$/.test(values.seed)) return `--seed takes a whole number, not "${values.seed}"`;
    if (values.keep && values.json) return '--keep is for people, --json for scripts: leave one of them out';
    return {
      isKept: values.keep,
      // Its last moment is now, so that the command line and the stack agree on the time.
      startMs: values.keep ? Date.now() - scenario.durationMs : usualStartMs,
      isHeadless: values.headless || values.json,
      isJson: values.json,
      callsFile: values.calls,
      seed: Number(values.seed),
    };
  } catch (error) {
    return (error as Error).message;
  }
}

/** Text for people on stdout, or nothing there but one JSON document. */
function printer({ isJson, isHeadless, startMs }: Options): Audience & {
  end(outcome: Outcome, decisions: readonly Decision[], posts: readonly SlackPost[]): void;
} {
  const isPlain = !process.stdout.isTTY || process.env.NO_COLOR !== undefined;
  const style = { startMs, columns: process.stdout.columns ?? 120, isPlain };
  const say = (text: string) => {
    if (!isJson) process.stdout.write(`${text}\n`);
  };
  const strong = (text: string) => (isPlain ? text : styleText('bold', text));
  let waiting: Line[] = [];
  return {
    begins(jobs: number) {
      say(
        `\n${strong(`Checkpilot demo`)}: ${jobs} jobs from ${scenario.policyFile}, ${scenario.durationMs / 60_000} simulated minutes.`,
      );
      say(
        'The functions are the real ones. EMR Serverless, DynamoDB, SQS, S3, EventBridge and Slack are served on 127.0.0.1, on virtual time.\n',
      );
    },
    line(line: Line) {
      waiting.push(line);
    },
    /** Prints what has gathered in the order in which it makes sense, at a pace at which it can be read. */
    async flush() {
      const lines = waiting.sort((a, b) => a.atMs - b.atMs || a.rank - b.rank);
      waiting = [];
      for (const line of lines) say(render(line, style));
      if (!isHeadless && lines.length > 0 && process.stdout.isTTY)
        await wait(Math.min(lines.length * readMs, 1_200));
    },
    end(outcome, decisions, posts) {
      if (isJson) process.stdout.write(`${JSON.stringify(outcome, null, 2)}\n`);
      say(`\n${strong('How it ended')}\n`);
      for (const row of table(outcome)) say(`  ${row}`);
      const parked = decisions.findLast(({ kind }) => kind === 'park');
      if (parked) {
        say(`\n${strong(`Why ${parked.job} was not restarted`)}\n`);
        for (const text of explain(parked)) say(hang(text, style.columns));
      }
      say(`\n${strong('What the Slack channel shows')}\n`);
      for (const message of channelView(posts)) {
        for (const [index, text] of message.entries()) say(boxed(text, index === 0, style.columns));
        say('');
      }
      say(`  ${summary(outcome)}`);
      for (const what of outcome.missing) say(`  NOT AS EXPECTED: ${what}`);
      say('');
    },
  };
}

/** A line of `explain`, continued under its own text. */
function hang(text: string, columns: number): string {
  const indent = 15;
  const [first = '', ...rest] = wrap(text.slice(13), Math.max(40, columns - indent));
  const head = `  ${text.slice(0, 13)}${first}`;
  return [head, ...rest.map((line) => `${' '.repeat(indent)}${line}`)].join('\n');
}

/** A line of a message, with a bar at its left. */
function boxed(text: string, isHead: boolean, columns: number): string {
  const indent = isHead ? '' : (/^ */.exec(text)?.[0] ?? '');
  return wrap(text.trimStart(), Math.max(40, columns - 6 - indent.length))
    .map((line) => `  │ ${indent}${line}`)
    .join('\n');
}

function table(outcome: Outcome): string[] {
  const rows = outcome.perJob.map(({ job, ended, runs, batches, class: cause, recoveryMs }) => [
    job,
    ended,
    cause ?? '–',
    String(runs),
    String(batches),
    recoveryMs === undefined ? '–' : `${(recoveryMs / 1000).toFixed(1)} s`,
  ]);
  const all = [['JOB', 'ENDED', 'CAUSE', 'RUNS', 'BATCHES', 'END → START'], ...rows];
  const widths = (all[0] ?? []).map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0)));
  return all.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}

function summary(outcome: Outcome): string {
  const {
    attemptsFailed = 0,
    lostEvents = 0,
    doubledEvents = 0,
    lostAnswers = 0,
    throttledCalls = 0,
  } = outcome.faults;
  return [
    `${attemptsFailed} attempts died, ${lostEvents} event lost, ${doubledEvents} events doubled, ${lostAnswers} answer to StartJobRun lost, ${throttledCalls} starts throttled.`,
    `${outcome.runsStarted} runs started, ${outcome.doubleWriters} times two writers on one checkpoint, ${outcome.budgetBreaches} restarts over budget.`,
  ].join('\n  ');
}

// `npm run demo | head` closes the pipe early; that is no fault of anybody.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(0);
});

process.exitCode = await main();
