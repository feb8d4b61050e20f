import type { NoticeDraft } from '../core/decision.ts';
import type { Incident, JobMemory } from '../core/memory.ts';
import type { CancelClaim, Claim, LockItem, StartClaim } from './items.ts';
import type { JobState } from './load.ts';
import { loadClaim, lockWrites, type RecordResult, stampWrites, triesMax } from './open-claim.ts';
import type { Ports, Write } from './ports.ts';
import { noticeWrite, recordWrite } from './writes.ts';

/** Protocol, step 8b: the claim is known never to start a run. Its charge stays spent. */
export async function closeNeverStarted(
  ports: Ports,
  claim: StartClaim,
  notice?: NoticeDraft,
): Promise<RecordResult> {
  return settle(ports, claim, notice, (state) => {
    const { grant } = state.memory;
    const isOwn = grant?.claimId === claim.id;
    return {
      memory: {
        ...state.memory,
        ...(isOwn ? { grant: { ...grant, chargedAtMs: claim.decidedAtMs } } : {}),
        ...(claim.cause === 'restart' ? { progress: withoutLastStart(state.memory) } : {}),
        ...(state.memory.incident ? { incident: withoutTry(state.memory.incident, claim) } : {}),
      },
      ring: stampWrites(state, claim, claim.decidedAtMs),
    };
  });
}

/** Protocol, step 3: keeps in the lock that this cancel was ours, unless it cannot have taken effect. */
export async function closeCancel(
  ports: Ports,
  claim: CancelClaim,
  tookEffect: boolean,
): Promise<RecordResult> {
  const lastCancel = { runId: claim.runId, claimId: claim.id, cause: claim.cause };
  return settle(
    ports,
    claim,
    undefined,
    (state) => ({ memory: state.memory, ring: [] }),
    tookEffect ? { lastCancel } : {},
  );
}

/**
 * Protocol, step 6: the service said no for good. Told at once and not sent again; the claim is closed when nothing
 * can come of it any more. A refused start parks its job, because the next one would be refused as well.
 */
export async function markRefused(
  ports: Ports,
  claim: Claim,
  refusal: { code: string; message: string },
): Promise<RecordResult> {
  const why = `${refusal.code}: ${refusal.message}`;
  const text =
    claim.kind === 'start'
      ? `${claim.job} is down and needs a person: EMR Serverless refused the start (${why}).`
      : `${claim.job} needs a person: EMR Serverless refused to cancel run ${claim.runId} (${why}).`;
  for (let attempt = 0; attempt < triesMax; attempt++) {
    const state = await loadClaim(ports, claim);
    if (state === 'unavailable') return 'unavailable';
    const held = state.locks[0]?.item?.claim;
    if (held?.id !== claim.id) return 'not-mine';
    if (held.refused !== undefined) return 'recorded';
    const refused: Claim = { ...claim, refused: why };
    const outcome = await ports.store.commit([
      ...lockWrites(state, claim, (lock) => ({ ...lock, claim: refused })),
      recordWrite(claim.job, state, { memory: afterRefusal(ports, claim, state), dueAtMs: claim.notAfterMs }),
      noticeWrite(
        ports,
        { event: 'incident.needs-human', severity: 'critical', text },
        {
          job: claim.job,
          decisionId: claim.decisionId,
          incident: state.memory.incident,
        },
      ),
    ]);
    if (outcome.kind === 'committed') return 'recorded';
    if (outcome.kind === 'unavailable') return 'unavailable';
  }
  return 'unavailable';
}

function afterRefusal(ports: Ports, claim: Claim, state: JobState): JobMemory {
  if (claim.kind === 'cancel') return state.memory;
  const lastRun = state.locks[0]?.item?.runId;
  const parked = {
    reason: 'start-refused' as const,
    atMs: ports.clock.now(),
    ...(lastRun ? { jobRunId: lastRun } : {}),
  };
  return { ...state.memory, parked };
}

/** Closes a claim without a run: the locks are free again, the job is looked at right away. */
async function settle(
  ports: Ports,
  claim: Claim,
  notice: NoticeDraft | undefined,
  next: (state: JobState) => { memory: JobMemory; ring: readonly Write[] },
  keep: Pick<LockItem, 'lastCancel'> = {},
): Promise<RecordResult> {
  for (let attempt = 0; attempt < triesMax; attempt++) {
    const state = await loadClaim(ports, claim);
    if (state === 'unavailable') return 'unavailable';
    if (state.locks[0]?.item?.claim?.id !== claim.id) return 'not-mine';
    const { memory, ring } = next(state);
    const outcome = await ports.store.commit([
      ...lockWrites(state, claim, ({ claim: _closed, ...lock }) => ({ ...lock, ...keep })),
      recordWrite(claim.job, state, { memory, dueAtMs: ports.clock.now(), claimLocks: [] }),
      ...ring,
      ...(notice
        ? [
            noticeWrite(ports, notice, {
              job: claim.job,
              decisionId: claim.decisionId,
              incident: memory.incident,
            }),
          ]
        : []),
    ]);
    if (outcome.kind === 'committed') return 'recorded';
    if (outcome.kind === 'unavailable') return 'unavailable';
  }
  return 'unavailable';
}

/** What never ran was not tried. */
function withoutTry(incident: Incident, { decidedAtMs }: StartClaim): Incident {
  const tried = incident.tried?.filter(({ atMs }) => atMs !== decidedAtMs);
  if (!tried || tried.length === incident.tried?.length) return incident;
  return { ...incident, restarts: Math.max(0, incident.restarts - 1), tried };
}

/** A start that never happened is no restart without progress. */
function withoutLastStart(memory: JobMemory): JobMemory['progress'] {
  return Object.fromEntries(
    Object.entries(memory.progress).map(([location, mark]) => [
      location,
      { ...mark, streak: Math.max(0, mark.streak - 1) },
    ]),
  );
}
