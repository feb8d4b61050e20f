import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ResolvedPolicy } from '../../core/job.ts';
import { formatDiagnostics } from '../../policy/diagnostics.ts';
import { loadPolicy } from '../../policy/load.ts';
import type { StartJobRunRequest } from '../../world/emr-types.ts';
import type { World } from '../../world/world.ts';
import type { LocalStack } from '../stack.ts';

const minuteMs = 60_000;
/** When the story begins unless somebody wants it to end now. */
export const usualStartMs = Date.parse('2026-11-22T08:00:00Z');

/** How a job may end, judged from what the world saw. */
export type Ending = 'healthy' | 'recovered' | 'parked' | 'stopped' | 'taken-over' | 'down';

/** What goes wrong in the demo, and how each job has to end for the demo to be right. */
export const scenario = {
  policyFile: 'examples/demo/policy.yaml',
  durationMs: 180 * minuteMs,
  applicationId: '00demo0000000001',
  /** Channel of the local Slack workspace, as the policy names it. */
  channel: 'C0DEMO0001',
  expected: {
    'clicks-enrich': 'recovered',
    'orders-join': 'recovered',
    'iot-ingest': 'parked',
    'ads-agg': 'healthy',
    sessions: 'recovered',
    ledger: 'stopped',
    'fraud-score': 'taken-over',
  } satisfies Record<string, Ending>,
} as const;

/** People, as the service names who called it. */
const ana = 'arn:aws:sts::111122223333:assumed-role/streaming-admin/ana';

/** The demo's policy, through the same loader as everybody's. */
export async function loadDemoPolicy(root: string): Promise<ResolvedPolicy> {
  const file = { path: scenario.policyFile, text: await readFile(join(root, scenario.policyFile), 'utf8') };
  const loaded = loadPolicy([file]);
  if (!loaded.ok) throw new Error(formatDiagnostics(loaded.diagnostics, [file]));
  return loaded.policy;
}

/** What becomes of the jobs, each in its own way. */
export function setTheScene(world: World, startMs: number): void {
  const { applicationId } = scenario;
  const at = (minutes: number) => startMs + minutes * minuteMs;
  world.emr.createApplication({ applicationId, name: 'streaming-demo', releaseLabel: 'emr-7.10.0' });
  // Both attempts that the policy leaves to the service die, so the run ends and Checkpilot comes in. After the story it
  // dies on, for those who keep the stack open: its budget is three restarts an hour.
  const deaths = [25, 184, 190, 196, 202].map((minutes) => at(minutes));
  world.script('clicks-enrich', {
    dieAt: deaths.map((atMs) => ({ cause: 'worker-lost', atMs, times: 2 })),
  });
  world.script('orders-join', {
    dieAt: [{ cause: 'out-of-memory', atMs: at(45), neededMemoryGb: 18 }],
  });
  world.script('iot-ingest', { dieAt: [{ cause: 'user-code-error', atBatch: 240 }] });
  // One attempt of two: the service's own retry is enough.
  world.script('ads-agg', { dieAt: [{ cause: 'worker-lost', atMs: at(35), times: 1 }] });
  world.script('sessions', { dieAt: [{ cause: 'transient-io', atMs: at(74), times: 2 }] });
}

/** What people do meanwhile, past Checkpilot: they cancel two runs, and start one of their own. */
export function letPeopleAct(
  { time, world }: LocalStack,
  { policy, startMs }: { readonly policy: ResolvedPolicy; readonly startMs: number },
  tell: (job: string, text: string) => void,
): void {
  const at = (minutes: number) => startMs + minutes * minuteMs;
  const cancel = (job: string) => {
    const run = world.journal.entries.findLast(
      (entry) => entry.kind === 'start-accepted' && entry.job === job,
    );
    world.emr.cancelJobRun(scenario.applicationId, run?.jobRunId ?? '', { arn: ana }, 0);
  };
  time.at(at(95), () => {
    tell('ledger', 'Ana cancels the run, in the console');
    cancel('ledger');
  });
  time.at(at(100), () => {
    tell('fraud-score', 'Ana cancels the run, to bring in another version');
    cancel('fraud-score');
  });
  time.at(at(106), () => {
    tell('fraud-score', 'Ana starts a run of her own');
    const request = { ...structuredClone(policy.jobs['fraud-score']?.launch), clientToken: 'ana-1' };
    world.emr.startJobRun(request as unknown as StartJobRunRequest, { arn: ana });
  });
}
