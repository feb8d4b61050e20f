import type { Checkpoints, DriverLogs, Ports } from '../control/ports.ts';
import type { Retentions, Streams } from '../control/stream-ports.ts';
import type { VirtualTime } from '../world/virtual-time.ts';
import type { ScriptedJob } from './scripted-job.ts';
import type { ScriptedRuns } from './scripted-runs.ts';

export interface Scripted {
  readonly time: VirtualTime;
  readonly runs: ScriptedRuns;
  readonly jobs: ReadonlyMap<string, ScriptedJob>;
}

/** Every sensor but the runs, answered by the jobs of a test; what belongs to none of them throws. */
export function scriptedPorts(
  scripted: Scripted,
): Pick<Ports, 'applications' | 'checkpoints' | 'streams' | 'retentions' | 'logs'> {
  return {
    applications: { limits: async (applicationId) => scripted.runs.limits(applicationId) },
    checkpoints: checkpoints(scripted),
    streams: streams(scripted),
    retentions: retentions(scripted),
    logs: logs(scripted),
  };
}

function checkpoints({ time, jobs }: Scripted): Checkpoints {
  const at = (location: string, operation: string): ScriptedJob => {
    const found = [...jobs.values()].find(({ job }) => job.checkpoints.includes(location));
    if (!found) throw new Error(`${operation} of ${location}, where no job of the test has its checkpoint`);
    return found;
  };
  return {
    head: async (location) => at(location, 'ListObjects').head(time.now()),
    inspect: async (location) => {
      const { fault } = at(location, 'GetObject');
      return { ok: true, value: fault ? { health: 'corrupt', fault } : { health: 'clean' } };
    },
    // The date of the file, as `head` has it, will do.
    plannedAt: async (location) => {
      at(location, 'GetObject');
      return { ok: true, value: undefined };
    },
    oldestRecord: async () => ({ ok: false, code: 'denied', message: 'a policy test has no records' }),
    seam: async (location) => ({ ok: true, value: at(location, 'GetObject').gaps }),
  };
}

/** Copies of one job read one stream, and measure the same. */
function reading({ jobs }: Scripted, stream: string, operation: string): ScriptedJob {
  const found = [...jobs.values()].find(({ job }) => job.source?.kinesis?.stream === stream);
  if (!found) throw new Error(`${operation} of stream ${stream}, which no job of the test reads`);
  return found;
}

function streams(scripted: Scripted): Streams {
  const of = (stream: string) => reading(scripted, stream, 'GetMetricData').stream;
  return {
    received: async (stream, window) => of(stream).received(window),
    firstInput: async (stream, window) => of(stream).firstInput(window),
    readAge: async ({ stream }, window) => of(stream).readAge(window),
  };
}

function retentions(scripted: Scripted): Retentions {
  const { time, runs } = scripted;
  return {
    of: async (stream) => reading(scripted, stream, 'DescribeStreamSummary').stream.retention(time.now()),
    extend: async (stream, toHours, { notAfterMs }) => {
      const { stream: kinesis } = reading(scripted, stream, 'IncreaseStreamRetentionPeriod');
      const nowMs = time.now();
      if (nowMs > notAfterMs) return { kind: 'too-late' };
      runs.calls.push({ atMs: nowMs, name: 'IncreaseStreamRetentionPeriod' });
      kinesis.extendedHours = toHours;
      return { kind: 'accepted' };
    },
  };
}

function logs({ runs }: Scripted): DriverLogs {
  const none = { kind: 'none', why: 'the test gives no log' } as const;
  return {
    readExecutor: async () => none,
    search: async () => none,
    read: async ({ jobRunId }, attempt) => {
      const run = runs.all.find((one) => one.jobRunId === jobRunId);
      const log = attempt === undefined ? run?.log : run?.failedAttempts[attempt - 1]?.log;
      if (log === undefined) return none;
      return { kind: 'read', logs: [{ source: 'SPARK_DRIVER/stderr.gz', text: log, linesBefore: 0 }] };
    },
  };
}
