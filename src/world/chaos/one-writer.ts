import type { Item, LockItem, RecordItem, StartClaim } from '../../control/items.ts';
import type { Write } from '../../control/ports.ts';
import type { JobRun } from '../../core/job-run.ts';
import { isTerminal } from '../../core/job-run.ts';
import { clockBoundMs, listLagMs, signatureValidityMs } from '../../core/protocol.ts';
import type { Pass } from './pass.ts';
import { isLive, type RunFacts, type RunLedger } from './run-ledger.ts';

export type Report = (invariant: string, message: string) => void;

interface ClaimFacts {
  readonly claim: StartClaim;
  /** World time of the claim's `now`. */
  readonly decidedAtMs: number;
  /** Runs in the listings of the claiming pass. */
  readonly listed: ReadonlySet<string>;
  readonly lockedRunId: string | undefined;
  startedAs?: string;
}

/**
 * Promise 1, from the world's side: never two live runs on one checkpoint because of Checkpilot.
 *
 * A run that Checkpilot starts breaks it if, at its acceptance, an earlier run on its checkpoint is live and
 * - Checkpilot started that one too, whenever that was; or
 * - a person did, and the claim could see it: the lock named it, a listing of the claiming pass showed it, or it
 *   was older than L (plus the clock bound) when the claim was decided, so that A3 says every listing shows it.
 * A person's run accepted later than that is A7: nobody can fence it, and ours yields to it on the next pass.
 *
 * Besides: one run per claim, one claim per grant, no claim before the end of the locked run was read from the
 * service, no start after notAfter + S, and no write to a lock that names no revision.
 */
export class OneWriter {
  readonly #runs: RunLedger;
  readonly #report: Report;
  readonly #claims = new Map<string, ClaimFacts>();
  readonly #grants = new Map<string, string>();
  readonly #endsSeen = new Set<string>();
  readonly #open = new Map<string, string>();

  constructor(runs: RunLedger, report: Report) {
    this.#runs = runs;
    this.#report = report;
  }

  /**
   * Restarts of a job that were claimed since `sinceMs`, also those that never started: both spend its budget.
   * With a class only those that answer a failure of it.
   */
  restartsClaimed(jobs: readonly string[], sinceMs: number, failedBy?: string): number {
    return [...this.#claims.values()].filter(
      ({ claim, decidedAtMs }) =>
        jobs.includes(claim.job) &&
        claim.cause === 'restart' &&
        decidedAtMs >= sinceMs &&
        (failedBy === undefined || this.failureAnswered(claim.id) === failedBy),
    ).length;
  }

  /** Class of the failure after which a claim was made; none when its locked run did not fail. */
  failureAnswered(claimId: string | undefined): string | undefined {
    const before = this.#runs.get(this.#claims.get(claimId ?? '')?.lockedRunId ?? '');
    return before?.state === 'FAILED' ? before.failedBy : undefined;
  }

  /** An answer of GetJobRun: the only proof that a run has ended. */
  answered(run: JobRun): void {
    if (isTerminal(run)) this.#endsSeen.add(run.jobRunId);
  }

  /** A transaction that took effect. */
  committed(pass: Pass, writes: readonly Write[]): void {
    const record = writes.map(itemOf).find((item) => item?.kind === 'record');
    for (const write of writes) {
      const lock = itemOf(write);
      if ('delete' in write && write.delete.pk.startsWith('CHECKPOINT#'))
        this.#report('lock-stays', `pass ${pass.id} deleted the lock ${write.delete.pk}`);
      if (lock?.kind !== 'lock') continue;
      if (write.seenRev === 'any')
        this.#report(
          'lock-conditional',
          `pass ${pass.id} wrote the lock of ${lock.location} without a revision`,
        );
      this.#lockWritten(pass, lock, record?.kind === 'record' ? record : undefined);
    }
  }

  /** A run that Checkpilot's request has just started. */
  started(run: RunFacts, sent: { claimId: string; notAfterMs: number; skewMs: number }, nowMs: number): void {
    const facts = this.#claims.get(sent.claimId);
    if (!facts) {
      this.#report('claimed', `run ${run.jobRunId} of ${run.job} has no claim (${sent.claimId})`);
      return;
    }
    if (facts.startedAs !== undefined)
      this.#report(
        'one-run-per-claim',
        `claim ${sent.claimId} of ${run.job} started ${facts.startedAs} and ${run.jobRunId}`,
      );
    facts.startedAs ??= run.jobRunId;
    if (nowMs > sent.notAfterMs - sent.skewMs + signatureValidityMs + clockBoundMs)
      this.#report(
        'deadline',
        `run ${run.jobRunId} of ${run.job} started after notAfter + S of claim ${sent.claimId}`,
      );
    for (const earlier of this.#runs.of(run.checkpoint)) {
      if (earlier === run || !isLive(earlier) || !couldSee(facts, earlier)) continue;
      const whose = earlier.isOurs ? 'which Checkpilot started' : 'which the claim could see';
      this.#report(
        'one-writer',
        `run ${run.jobRunId} (claim ${sent.claimId}) started on ${run.checkpoint} beside ${earlier.jobRunId} (${earlier.state}), ${whose}`,
      );
    }
  }

  #lockWritten(pass: Pass, lock: LockItem, record: RecordItem | undefined): void {
    const { claim, location } = lock;
    const open = this.#open.get(location);
    if (claim === undefined) this.#open.delete(location);
    else this.#open.set(location, claim.id);
    if (claim !== undefined && open !== undefined && open !== claim.id)
      this.#report('one-claim', `claim ${claim.id} replaced the open claim ${open} on ${location}`);
    if (claim?.kind !== 'start' || this.#claims.has(claim.id)) return;
    this.#claims.set(claim.id, {
      claim,
      decidedAtMs: claim.decidedAtMs - pass.skewMs,
      listed: new Set(pass.listed),
      lockedRunId: lock.runId,
    });
    if (lock.runId !== undefined && !this.#endsSeen.has(lock.runId))
      this.#report(
        'end-seen',
        `claim ${claim.id} of ${claim.job} was made before run ${lock.runId} was seen to end`,
      );
    this.#grantUsed(claim, record);
  }

  #grantUsed(claim: StartClaim, record: RecordItem | undefined): void {
    const grant = record?.memory.grant;
    if (grant?.claimId !== claim.id) {
      this.#report('granted', `claim ${claim.id} of ${claim.job} has no grant`);
      return;
    }
    const usedBy = this.#grants.get(grant.id);
    if (usedBy !== undefined && usedBy !== claim.id)
      this.#report(
        'one-claim-per-grant',
        `grant ${grant.id} of ${claim.job} served the claims ${usedBy} and ${claim.id}`,
      );
    this.#grants.set(grant.id, claim.id);
  }
}

function couldSee(facts: ClaimFacts, earlier: RunFacts): boolean {
  if (earlier.isOurs || earlier.jobRunId === facts.lockedRunId || facts.listed.has(earlier.jobRunId))
    return true;
  return earlier.acceptedAtMs + listLagMs + clockBoundMs <= facts.decidedAtMs;
}

function itemOf(write: Write): Item | undefined {
  return 'put' in write ? write.put : undefined;
}

export function locksIn(writes: readonly Write[]): readonly LockItem[] {
  return writes.flatMap((write) => {
    const item = itemOf(write);
    return item?.kind === 'lock' ? [item] : [];
  });
}
