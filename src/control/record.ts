import { heldBy } from '../core/capacity.ts';
import { locationsNamed } from '../core/launch-request.ts';
import type { JobMemory } from '../core/memory.ts';
import { as, keys, type LaunchItem, type RunItem, type StartClaim, schemaVersion } from './items.ts';
import type { JobState } from './load.ts';
import { loadClaim, lockWrites, type RecordResult, stampWrites, triesMax } from './open-claim.ts';
import type { Ports, Write } from './ports.ts';
import { noticeWrite, recordWrite } from './writes.ts';

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
    ...(grant?.claimId === claim.id ? { grant: { ...grant, chargedAtMs: run.acceptedAtMs } } : {}),
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

/** Protocol, step 7: the claim is settled already. The same run is fine; another one should not exist. */
async function noteStray(
  ports: Ports,
  claim: StartClaim,
  state: JobState,
  jobRunId: string,
): Promise<RecordResult> {
  const stored = await ports.store.read([keys.run(jobRunId)]);
  // Whether it is known is not known: nobody is paged for that, the message comes again.
  if (!stored.ok) return 'unavailable';
  const known = as('run', stored.value.items[0]);
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
  await ports.wakes.send([
    { wake: { kind: 'job', job: claim.job, cause: 'stray-run', look: true }, delaySeconds: 0 },
  ]);
  return 'not-mine';
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
    held: heldBy(claim.request) ?? null,
    ...owned,
  };
}
