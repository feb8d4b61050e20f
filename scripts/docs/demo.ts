import { spawn } from 'node:child_process';
import { join } from 'node:path';

/** What a run of the demo prints, as `npm run demo -- --headless` would. It is the same for each run of one seed. */
export async function runDemo(root: string): Promise<string> {
  const demo = spawn(process.execPath, [join(root, 'src/local/demo/main.ts'), '--headless'], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, NO_COLOR: '1' },
  });
  let output = '';
  demo.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    demo.once('error', reject).once('close', resolve);
  });
  if (code !== 0) throw new Error(`the demo ended with ${code}:\n${output}`);
  return output;
}

/** What the README shows: the story of three jobs, how all of them ended, and the message that calls a person. */
export function demoExcerpt(output: string): string {
  const lines = output.split('\n');
  const story = entriesOf(lines).filter(isStory).flat();
  const from = lines.indexOf('How it ended');
  const ending = lines.slice(
    from,
    lines.findIndex((line, at) => at > from && line.startsWith('Why ')),
  );
  const callAt = lines.findIndex((line) => line.startsWith('  │ Needs a human'));
  const call = lines.slice(callAt, lines.indexOf('', callAt));
  const summary = lines.filter((line) => /^ {2}\d+ (?:attempts died|runs started)/.test(line));
  if (story.length === 0 || from < 0 || callAt < 0 || summary.length !== 2)
    throw new Error(`the demo prints in a new shape; scripts/docs/demo.ts does not know it:\n${output}`);
  return [
    '```text',
    ...story,
    '',
    ...ending,
    'What the Slack channel shows',
    '',
    ...call,
    '',
    ...summary,
    '```',
  ].join('\n');
}

/** A line of the story with the lines that continue it. */
function entriesOf(lines: readonly string[]): string[][] {
  const entries: string[][] = [];
  for (const line of lines) {
    if (/^ {2}\+\d\d:/.test(line)) entries.push([line]);
    else if (/^ {30,}\S/.test(line)) entries.at(-1)?.push(line);
  }
  return entries;
}

/** One that is cured with a larger worker, one that is not restarted, one that a person takes away. */
const shown = ['orders-join', 'iot-ingest', 'ledger'];

function isStory([first = '']: readonly string[]): boolean {
  const isShown = shown.some((job) => first.includes(`  ${job} `));
  return isShown && !/attempt died| {2}running {2}/.test(first);
}

/** The first screen of a policy: what holds for all jobs, and the first of the jobs. */
export function policyExcerpt(policy: string): string {
  const lines = policy.split('\n');
  const between = (from: RegExp, to: RegExp, after = 0): string[] => {
    const first = lines.findIndex((line, at) => at >= after && from.test(line));
    const last = lines.findIndex((line, at) => at > first && to.test(line));
    if (first < 0 || last < 0) throw new Error(`the demo's policy has no ${from} … ${to}`);
    return lines.slice(first, last + 1);
  };
  const jobsAt = lines.indexOf('jobs:');
  return [
    '```yaml',
    ...between(/^defaults:/, /^ {4}backoff:/),
    '',
    ...between(/^jobs:/, /^ {4}checkpoint:/, jobsAt),
    '```',
  ].join('\n');
}
