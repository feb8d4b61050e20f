import { type OrderAnswer, pauseJob, resumeJob, startJob, stopJob } from '../control/orders.ts';
import { isLive } from '../core/job-run.ts';
import type { EventKind, FailureEvent, TestEvent } from './event-schema.ts';
import { textOf } from './failure-text.ts';
import type { ScriptedRun } from './scripted-runs.ts';
import type { Stage } from './stage.ts';
import { clockText } from './why.ts';

/** An event of the test could not happen, or a person's order was refused. */
export type Trouble = string | undefined;

type Happening<K extends EventKind> = (
  stage: Stage,
  job: string,
  given: NonNullable<TestEvent[K]>,
) => Trouble | Promise<Trouble>;

const person = { by: 'policy test', reason: 'event of the test' };

const happenings: { readonly [K in EventKind]: Happening<K> } = {
  'run.failed': (stage, job, given) =>
    withLive(stage, job, (run) => {
      const { stateDetails, log } = saidBy(given);
      state(stage, run, given);
      const attempt = given.attempt ?? run.attempt ?? 1;
      stage.runs.change(run.jobRunId, {
        state: 'FAILED',
        stateDetails,
        ...(log === undefined ? {} : { log }),
        endedAtMs: stage.time.now(),
        attempt,
      });
    }),
  'run.succeeded': (stage, job) =>
    withLive(stage, job, (run) => {
      stage.runs.change(run.jobRunId, { state: 'SUCCESS', endedAtMs: stage.time.now() });
    }),
  'run.cancelled': (stage, job) =>
    withLive(stage, job, (run) => {
      stage.runs.change(run.jobRunId, { state: 'CANCELLED', endedAtMs: stage.time.now() });
    }),
  'run.started': (stage, job) => {
    stage.startByHand(job);
    return undefined;
  },
  'attempt.failed': (stage, job, given) =>
    withLive(stage, job, (run) => {
      const nowMs = stage.time.now();
      state(stage, run, given);
      const failed = { ...saidBy(given), endedAtMs: nowMs };
      stage.runs.change(run.jobRunId, {
        failedAttempts: [...run.failedAttempts, failed],
        attempt: run.failedAttempts.length + 2,
        attemptCreatedAtMs: nowMs,
      });
    }),
  'checkpoint.damaged': (stage, job, fault) => {
    stage.scripted(job).fault = fault;
    return undefined;
  },
  'positions.changed': (stage, job, { kind }) => {
    const from = { position: '100', positionType: 'AFTER_SEQUENCE_NUMBER' };
    const to = { ...from, position: kind === 'skipped' ? '200' : '50' };
    stage.scripted(job).gaps = [{ kind, stream: stage.streamOf(job), id: 'shardId-000000000000', from, to }];
    return undefined;
  },
  'start.refused': (stage, _job, { message }) => {
    stage.runs.refuseNextStart(message);
    return undefined;
  },
  'service.down': (stage, _job, given) => {
    stage.runs.goDown(given.for);
    return undefined;
  },
  'person.start': (stage, job, { override }) =>
    refusal(startJob(stage.ports, stage.scripted(job).job, person, override)),
  'person.stop': (stage, job) => refusal(stopJob(stage.ports, stage.scripted(job).job, person)),
  'person.pause': (stage, job, given) =>
    refusal(pauseJob(stage.ports, stage.scripted(job).job, person, stage.time.now() + given.for)),
  'person.resume': (stage, job) => refusal(resumeJob(stage.ports, stage.scripted(job).job)),
};

/** Makes one event of the test happen, now. */
export async function happen(stage: Stage, event: TestEvent & { readonly job: string }): Promise<Trouble> {
  const kind = kindOf(event);
  const given = event[kind];
  // The table is complete, so the pair fits; the compiler cannot follow it through a union.
  const act = happenings[kind] as Happening<EventKind>;
  const trouble = given === undefined ? undefined : await act(stage, event.job, given);
  return trouble === undefined ? undefined : `${kind} at ${clockText(event.at)}: ${trouble}`;
}

export function kindOf(event: TestEvent): EventKind {
  const found = (Object.keys(happenings) as EventKind[]).find((kind) => event[kind] !== undefined);
  if (!found) throw new Error('an event without a kind passed the checks');
  return found;
}

/** The newest live run is what events are about. */
function withLive(stage: Stage, job: string, change: (run: ScriptedRun) => void): Trouble {
  const live = stage.runsOf(job).filter(isLive).at(-1);
  if (live) {
    change(live);
    return undefined;
  }
  const last = stage.decisions.findLast((decision) => decision.job === job);
  return `no run of ${job} is live; the last decision was ${last ? `${last.kind} (${last.reason})` : 'none'}`;
}

function state(stage: Stage, { jobRunId }: ScriptedRun, { class: failureClass }: FailureEvent): void {
  if (failureClass) stage.stated.push({ jobRunId, class: failureClass, atMs: stage.time.now() });
}

function saidBy({ class: failureClass, message, log }: FailureEvent): {
  readonly stateDetails: string;
  readonly log?: string;
} {
  const isTold = message !== undefined || log !== undefined;
  const stateDetails = message ?? (isTold || failureClass === undefined ? '' : textOf(failureClass));
  return { stateDetails, ...(log === undefined ? {} : { log }) };
}

async function refusal(order: Promise<OrderAnswer>): Promise<Trouble> {
  const answer = await order;
  if (answer.kind === 'done') return undefined;
  return answer.kind === 'unavailable' ? answer.message : answer.why;
}
