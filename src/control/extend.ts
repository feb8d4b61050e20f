import type { Decision, Extension, NoticeDraft } from '../core/decision.ts';
import type { ResolvedJob } from '../core/job.ts';
import type { ClockMemory, JobMemory, StreamCommand } from '../core/memory.ts';
import { claimWakeMs, startDeadlineMs } from '../core/protocol.ts';
import { extendedText } from '../core/rules/retention-words.ts';
import { rememberedSource } from '../core/source.ts';
import { approvedBy, questionWrites, stepsAtClaim, withQuestions } from './approvals.ts';
import { type JobState, loadJob } from './load.ts';
import type { Ports } from './ports.ts';
import { mayStillAct } from './send.ts';
import { decisionWrite, lastOf, noticeWrite, recordWrite, without } from './writes.ts';

/** What became of it. `open` is settled by a later pass; what was `dropped` is decided afresh. */
export type ExtendResult = 'extended' | 'refused' | 'open' | 'dropped' | 'conflict' | 'unavailable';

interface Context {
  readonly job: ResolvedJob;
  readonly state: JobState;
  readonly decision: Decision;
  readonly policyHash: string;
}

/** Tries against passes that write the same record. */
const triesMax = 3;
const hourMs = 3_600_000;

/**
 * Writes down that a stream is to be kept for longer, and only then says so to Kinesis (protocol, "other commands"): until
 * its deadline a pass that finds it sends it again, after that it is decided afresh. Sending it twice does nothing,
 * and two jobs of one stream cannot shorten what the other made longer: Kinesis takes only more than it has.
 */
export async function claimExtension(
  ports: Ports,
  { job, state, decision, policyHash }: Context,
  extension: Extension,
): Promise<ExtendResult> {
  const command: StreamCommand = {
    id: ports.ids.next('cmd'),
    decisionId: decision.id,
    extension,
    decidedAtMs: state.nowMs,
    notAfterMs: state.nowMs + startDeadlineMs,
    ...approvedBy(decision),
  };
  const { source } = decision.observation;
  const memory: JobMemory = {
    ...withQuestions(state.memory, stepsAtClaim(decision)),
    ...(source ? { source: rememberedSource(source) } : {}),
    command,
  };
  const outcome = await ports.store.commit([
    recordWrite(job.name, state, {
      memory,
      dueAtMs: state.nowMs + claimWakeMs,
      policyHash,
      last: lastOf(state.record, decision, false),
    }),
    decisionWrite(decision),
    ...questionWrites(ports, decision, stepsAtClaim(decision), state.memory),
  ]);
  if (outcome.kind !== 'committed') return outcome.kind;
  return sendExtension(ports, command, { job, memory });
}

/** A pass that finds a command without an outcome settles that first. */
export async function settleCommand(
  ports: Ports,
  command: StreamCommand,
  { job, state }: { readonly job: ResolvedJob; readonly state: JobState },
): Promise<ExtendResult> {
  if (state.nowMs <= command.notAfterMs) return sendExtension(ports, command, { job, memory: state.memory });
  return drop(ports, command, job);
}

async function sendExtension(
  ports: Ports,
  command: StreamCommand,
  guarded: { readonly job: ResolvedJob; readonly memory: JobMemory },
): Promise<ExtendResult> {
  const { job } = guarded;
  const { stream, toHours } = command.extension;
  const isAllowed = await mayStillAct(ports, guarded, {
    action: 'extendRetention',
    ordered: command.approval !== undefined,
  });
  if (!isAllowed) return drop(ports, command, job);
  const answer = await ports.retentions.extend(stream, toHours, { notAfterMs: command.notAfterMs });
  ports.log.info('retention sent', { job: job.name, command: command.id, stream, toHours, ...answer });
  if (answer.kind === 'accepted') return extended(ports, command, job);
  if (answer.kind !== 'refused') return 'open';
  // Somebody else was faster, another job of this stream or an earlier try of this very command.
  const now = await ports.retentions.of(stream, { fresh: true });
  if (now.ok && now.value.retentionMs >= toHours * hourMs) return extended(ports, command, job);
  return refused(ports, command, job, answer);
}

/** Nobody knows whether an earlier try took effect, so the next pass asks how long the stream keeps its records. */
function drop(ports: Ports, command: StreamCommand, job: ResolvedJob): Promise<ExtendResult> {
  ports.log.warn('a command is not sent any more', { job: job.name, command: command.id });
  return record(
    ports,
    command,
    job.name,
    (memory) => {
      const { retention: _stale, ...source } = memory.source ?? {};
      const tried = { atMs: ports.clock.now(), extension: command.extension };
      return { memory: { ...memory, source, clock: { ...memory.clock, tried } } };
    },
    'dropped',
  );
}

function extended(ports: Ports, command: StreamCommand, job: ResolvedJob): Promise<ExtendResult> {
  const { stream, fromHours, toHours } = command.extension;
  const text = extendedText(job.name, command.extension);
  return record(
    ports,
    command,
    job.name,
    (memory) => {
      const nowMs = ports.clock.now();
      const { told: _past, refused: _over, tried: _known, ...before }: ClockMemory = memory.clock ?? {};
      const { retention } = memory.source ?? {};
      const kept = { ...retention, retentionMs: toHours * hourMs, readAtMs: nowMs, from: 'service' as const };
      return {
        memory: {
          ...memory,
          source: { ...memory.source, retention: kept },
          clock: {
            ...before,
            extended: { stream, fromHours: before.extended?.fromHours ?? fromHours, toHours, atMs: nowMs },
          },
        },
        notice: { severity: 'warning', text, reason: 'retention-extended' },
      };
    },
    'extended',
  );
}

function refused(
  ports: Ports,
  command: StreamCommand,
  job: ResolvedJob,
  answer: { readonly code: string; readonly message: string },
): Promise<ExtendResult> {
  const { stream, toHours } = command.extension;
  const message = `${answer.code}: ${answer.message}`;
  const text = `${job.name}: ${stream} was to keep its records for ${toHours} h, and Kinesis refused it (${message}). It is tried again in an hour; unread records are lost before long.`;
  return record(
    ports,
    command,
    job.name,
    (memory) => {
      const isNew = memory.clock?.refused?.message !== message;
      return {
        memory: { ...memory, clock: { ...memory.clock, refused: { atMs: ports.clock.now(), message } } },
        ...(isNew ? { notice: { severity: 'critical', text, reason: 'retention-extension-refused' } } : {}),
      };
    },
    'refused',
  );
}

interface Change {
  readonly memory: JobMemory;
  readonly notice?: Required<Pick<NoticeDraft, 'severity' | 'text' | 'reason'>>;
}

/** The outcome and what is told of it, once: whoever finds the command gone has nothing to add. */
async function record(
  ports: Ports,
  command: StreamCommand,
  job: string,
  change: (memory: JobMemory) => Change,
  result: ExtendResult,
): Promise<ExtendResult> {
  for (let attempt = 0; attempt < triesMax; attempt += 1) {
    const loaded = await loadJob(ports, job, []);
    if (!loaded.ok) return 'unavailable';
    const state = loaded.value;
    if (state.memory.command?.id !== command.id) return result;
    const { memory, notice } = change(without(state.memory, new Set(['command'])));
    const { incident } = memory;
    const draft: NoticeDraft | undefined = notice && {
      ...notice,
      event: notice.severity === 'critical' ? 'incident.needs-human' : 'incident.updated',
      ...(incident?.class ? { class: incident.class } : {}),
      ...(incident?.needsHuman ? { stillNeedsHuman: true } : {}),
    };
    const outcome = await ports.store.commit([
      recordWrite(job, state, { memory, dueAtMs: state.nowMs }),
      ...(draft
        ? [
            noticeWrite(ports, draft, {
              job,
              decisionId: command.decisionId,
              incident,
            }),
          ]
        : []),
    ]);
    if (outcome.kind === 'committed') return result;
    if (outcome.kind === 'unavailable') return 'unavailable';
  }
  return 'conflict';
}
