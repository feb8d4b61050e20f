import { setTimeout as wait } from 'node:timers/promises';
import type { LocalStack } from '../stack.ts';

/** How often world time is brought up to the clock on the wall. */
const everyMs = 200;

/** Lets the stack live on in real time until `ended`, so that the command line can be tried on it. */
export async function keepOpen(stack: LocalStack, ended: AbortSignal): Promise<void> {
  while (!ended.aborted) {
    await stack.time.run({ untilMs: Date.now() });
    await wait(everyMs, undefined, { signal: ended }).catch(() => {});
  }
}

/** What to paste into another terminal, and what to try there. */
export function invitation({ environment }: LocalStack): readonly string[] {
  const settings = Object.entries(environment).map(([name, value]) => `export ${name}=${value}`);
  return [
    'The stack stays open, in real time. In another terminal, in this folder:',
    '',
    'unset AWS_PROFILE AWS_SESSION_TOKEN',
    ...settings,
    '',
    'npx checkpilot status --all',
    'npx checkpilot explain iot-ingest',
    'npx checkpilot pause sessions --for 10m --reason "trying it out"',
    'npx checkpilot start ledger --reason "trying it out"',
    '',
    'clicks-enrich goes on losing its worker every six minutes, until its three restarts an hour are used up.',
    'Ctrl-C ends it.',
  ];
}
