import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ResolvedPolicy } from '../../core/job.ts';
import { formatDiagnostics } from '../../policy/diagnostics.ts';
import { loadPolicy } from '../../policy/load.ts';
import type { World } from '../../world/world.ts';
import type { Fault } from '../http-server.ts';

const minuteMs = 60_000;

/** What goes wrong in the demo, and how each job has to end for the demo to be right. */
export const scenario = {
  policyFile: 'examples/demo/policy.yaml',
  startMs: Date.parse('2026-11-22T08:00:00Z'),
  durationMs: 150 * minuteMs,
  applicationId: '00demo0000000001',
  expected: { 'clicks-enrich': 'recovered', 'orders-join': 'recovered', 'iot-ingest': 'parked' },
} as const;

/** StartJobRun calls: three launches, the restart of clicks-enrich, then that of orders-join. */
const startWithLostAnswer = 5;

/** The demo's policy, through the same loader as everybody's. */
export async function loadDemoPolicy(root: string): Promise<ResolvedPolicy> {
  const file = { path: scenario.policyFile, text: await readFile(join(root, scenario.policyFile), 'utf8') };
  const loaded = loadPolicy([file]);
  if (!loaded.ok) throw new Error(formatDiagnostics(loaded.diagnostics, [file]));
  return loaded.policy;
}

/** One job loses its worker, one needs more memory than it has, one has a bug in its own code. */
export function setTheScene(world: World): void {
  const { startMs, applicationId } = scenario;
  world.emr.createApplication({ applicationId, name: 'streaming-demo', releaseLabel: 'emr-7.10.0' });
  // Both attempts that the policy leaves to the service die, so the run ends and Checkpilot comes in.
  world.script('clicks-enrich', {
    dieAt: [{ cause: 'worker-lost', atMs: startMs + 25 * minuteMs, times: 2 }],
  });
  world.script('orders-join', {
    dieAt: [{ cause: 'out-of-memory', atMs: startMs + 45 * minuteMs, neededMemoryGb: 18 }],
  });
  world.script('iot-ingest', { dieAt: [{ cause: 'user-code-error', atBatch: 240 }] });
}

export interface InjectedFaults {
  readonly doubledEvents: number;
  readonly lostEvents: number;
  readonly lostAnswers: number;
}

export interface FaultInjector {
  /** Asked for every API call. */
  readonly fault: (call: { operation: string }) => Fault | undefined;
  readonly watch: (world: World, tell: (job: string, text: string) => void) => void;
  readonly count: () => InjectedFaults;
}

/** Faults around Checkpilot itself: every third event comes twice, one is lost, one answer to StartJobRun is lost. */
export function faultInjector(): FaultInjector {
  const counts = { doubledEvents: 0, lostEvents: 0, lostAnswers: 0 };
  let starts = 0;
  let events = 0;
  let tell: (job: string, text: string) => void = () => {};
  return {
    watch: (world, listener) => {
      tell = listener;
      world.emr.eventFate = (event) => {
        events += 1;
        if (event.detail.state === 'FAILED' && counts.lostEvents === 0) {
          counts.lostEvents += 1;
          const run = world.journal.entries.findLast(({ jobRunId }) => jobRunId === event.detail.jobRunId);
          tell(run?.job ?? '?', 'the event that says so is lost');
          return 'lose';
        }
        if (events % 3 !== 0) return 'deliver';
        counts.doubledEvents += 1;
        return 'double';
      };
    },
    fault: ({ operation }) => {
      if (operation !== 'StartJobRun') return undefined;
      starts += 1;
      if (starts !== startWithLostAnswer) return undefined;
      counts.lostAnswers += 1;
      tell('orders-join', 'the answer to StartJobRun is lost on its way');
      return { kind: 'reset-after' };
    },
    count: () => counts,
  };
}
