import { stamp } from '../core/budget.ts';
import type { NoticeDraft } from '../core/decision.ts';
import { locationsNamed } from '../core/launch-request.ts';
import type { JobMemory } from '../core/memory.ts';
import { ringWrite } from './claim.ts';
import {
  as,
  type CancelClaim,
  type Claim,
  keys,
  type LaunchItem,
  type LockItem,
  type RunItem,
  type StartClaim,
  schemaVersion,
} from './items.ts';
import { type JobState, loadJob, nextRev, seenRev } from './load.ts';
import type { Ports, Write } from './ports.ts';
import { noticeWrite, recordWrite } from './writes.ts';

export type RecordResult = 'recorded' | 'not-mine' | 'unavailable';

/** Tries of one conditional write when a harmless change (a new wake time, an order) got in between. */
const triesMax = 5;
/** A started run is looked at soon: it should reach RUNNING within a minute or two. */
const firstLookMs = 60_000;

/**
 * Protocol, step 7: the accepted run goes into the locks and the record, the charge gets its time. Written only
 * while the claim is still ours; a run that another pass recorded is fine, any other is a stray.
 */
export async function recordStart(
  ports: Ports,
  claim: StartClaim,
  run: { jobRunId: string; acceptedAtMs: number },
): Promise<RecordResult> {
  for (let attempt = 0; attempt < triesMax; attempt++) {
    const loaded = await loadClaim(ports, claim);
    if (loaded === 'unavailable') return 'unavailable';
    if (loaded.locks[0]?.item?.claim?.id !== claim.id) return noteStray(ports, claim, loaded, run.jobRunId);
    const outcome = await ports.store.commit(startWrites(ports, claim, loaded, run));
    if (outcome.kind === 'committed') return 'recorded';
    if (outcome.kind === 'unavailable') return 'unavailable';
  }
  return 'unavailable';
}

/** Protocol, step 8b: the claim is known never to start a run. Its charge stays spent. */
export async function closeNeverStarted(
  ports: Ports,
  claim: StartClaim,
  notice?: NoticeDraft,
): Promise<RecordResult> {
  return settle(ports, claim, notice, (state) => ({
    memory:
      claim.cause === 'restart'
        ? { ...state.memory, progress: withoutLastStart(state.memory) }
        : state.memory,
    ring: stampWrites(state, claim, claim.decidedAtMs),
  }));
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

/** Protocol, step 6: the service said no for good. Told at once and not sent again; verification closes the claim. */
export async function markRefused(
  ports: Ports,
  claim: StartClaim,
  refusal: { code: string; message: string },
): Promise<RecordResult> {
  for (let attempt = 0; attempt < triesMax; attempt++) {
    const state = await loadClaim(ports, claim);
    if (state === 'unavailable') return 'unavailable';
    if (state.locks[0]?.item?.claim?.id !== claim.id) return 'not-mine';
    const refused: StartClaim = { ...claim, refused: `${refusal.code}: ${refusal.message}` };
    const lastRun = state.locks[0]?.item?.runId;
    const parked: JobMemory['parked'] = {
      reason: 'start-refused',
      atMs: ports.clock.now(),
      ...(lastRun ? { jobRunId: lastRun } : {}),
    };
    const text = `${claim.job} is down and needs a person: EMR Serverless refused the start (${refusal.code}: ${refusal.message}).`;
    const outcome = await ports.store.commit([
      ...lockWrites(state, claim, (lock) => ({ ...lock, claim: refused })),
      recordWrite(claim.job, state, { memory: { ...state.memory, parked }, dueAtMs: claim.notAfterMs }),
      noticeWrite(
        ports,
        { event: 'incident.needs-human', severity: 'critical', text },
        {
          job: claim.job,
          decisionId: claim.decisionId,
          incidentId: state.memory.incident?.id,
        },
      ),
    ]);
    if (outcome.kind === 'committed') return 'recorded';
    if (outcome.kind === 'unavailable') return 'unavailable';
  }
  return 'unavailable';
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
              incidentId: memory.incident?.id,
            }),
          ]
        : []),
    ]);
    if (outcome.kind === 'committed') return 'recorded';
    if (outcome.kind === 'unavailable') return 'unavailable';
  }
  return 'unavailable';
}

function startWrites(
  ports: Ports,
  claim: StartClaim,
  state: JobState,
  run: { jobRunId: string; acceptedAtMs: number },
): readonly Write[] {
  const generation = state.memory.generation + 1;
  const { grant } = state.memory;
  const memory: JobMemory = {
    ...state.memory,
    generation,
    run: { ...run, applicationId: claim.applicationId, generation, cause: claim.cause },
    ...(grant?.claimId === claim.id ? { grant: { ...grant, acceptedAtMs: run.acceptedAtMs } } : {}),
  };
  const launch: LaunchItem = {
    ...keys.launch(claim.job, generation),
    kind: 'launch',
    schema: schemaVersion,
    rev: 1,
    job: claim.job,
    generation,
    request: claim.request,
    jobRunId: run.jobRunId,
  };
  return [
    ...lockWrites(state, claim, ({ claim: _settled, ...lock }) => ({
      ...lock,
      runId: run.jobRunId,
      applicationId: claim.applicationId,
    })),
    recordWrite(claim.job, state, { memory, dueAtMs: ports.clock.now() + firstLookMs, claimLocks: [] }),
    ...stampWrites(state, claim, run.acceptedAtMs),
    { put: launch, seenRev: 'any' },
    { put: ownRun(claim, run.jobRunId, { job: claim.job }), seenRev: 'any' },
  ];
}

/** A launch was never charged, so it has nothing to stamp. */
function stampWrites(state: JobState, claim: StartClaim, atMs: number): readonly Write[] {
  const ring = stamp(state.ring, claim.id, atMs);
  return ring === state.ring ? [] : [ringWrite(claim.job, state, ring)];
}

/** Protocol, step 7: the claim is settled already. The same run is fine; another one should not exist. */
async function noteStray(
  ports: Ports,
  claim: StartClaim,
  state: JobState,
  jobRunId: string,
): Promise<RecordResult> {
  const known = as('run', await readOne(ports, jobRunId));
  if (state.locks.some((lock) => lock.item?.runId === jobRunId) || known?.job === claim.job)
    return 'recorded';
  const text = `${claim.job}: run ${jobRunId} was started by a claim that is closed. It may write beside another run: check and cancel one.`;
  await ports.store.commit([
    { put: ownRun(claim, jobRunId, { stray: true }), seenRev: 'any' },
    noticeWrite(
      ports,
      { event: 'writers.two-live-runs', severity: 'critical', text },
      { job: claim.job, decisionId: claim.decisionId },
    ),
  ]);
  return 'not-mine';
}

async function readOne(ports: Ports, jobRunId: string) {
  const answer = await ports.store.read([keys.run(jobRunId)]);
  return answer.ok ? answer.value.items[0] : undefined;
}

function ownRun(claim: StartClaim, jobRunId: string, owned: { job?: string; stray?: boolean }): RunItem {
  return {
    ...keys.run(jobRunId),
    kind: 'run',
    schema: schemaVersion,
    rev: 1,
    jobRunId,
    applicationId: claim.applicationId,
    name: claim.request.name,
    tags: claim.request.tags ?? {},
    locations: [...new Set([...locationsNamed(claim.request), ...claim.locks])],
    ...owned,
  };
}

function lockWrites(state: JobState, claim: Claim, change: (lock: LockItem) => LockItem): readonly Write[] {
  return claim.locks.map((location): Write => {
    const lock = state.locks.find((one) => one.location === location)?.item;
    if (!lock) throw new Error(`lock of ${location} is gone although claim ${claim.id} is open on it`);
    return { put: { ...change(lock), rev: nextRev(lock) }, seenRev: seenRev(lock) };
  });
}

/** Record, ring and exactly the locks that the claim names. */
async function loadClaim(ports: Ports, claim: Claim): Promise<JobState | 'unavailable'> {
  const loaded = await loadJob(ports, claim.job, claim.locks);
  return loaded.ok ? loaded.value : 'unavailable';
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
