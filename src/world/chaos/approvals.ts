import type { ApprovalItem, Claim } from '../../control/items.ts';
import type { Write } from '../../control/ports.ts';
import { usualExpiryMs } from '../../core/approval.ts';
import { clockBoundMs } from '../../core/protocol.ts';
import { locksIn, type Report } from './one-writer.ts';
import type { Pass } from './pass.ts';

interface Said {
  readonly answer: 'approved' | 'declined';
  readonly untilMs: number;
  usedBy?: string;
}

/**
 * What people said to the plans of jobs in mode suggest: a claim that names a plan needs their yes to exactly that plan,
 * in time, and is the only one that it serves.
 */
export class Approvals {
  readonly #report: Report;
  readonly #said = new Map<string, Said>();
  /** Claims that a yes stands behind, and the runs that those of them which cancel may end. */
  readonly #approved = new Set<string>();

  constructor(report: Report) {
    this.#report = report;
  }

  said({ hash, notBeforeMs = 0 }: ApprovalItem['approval'], answer: Said['answer'], nowMs: number): void {
    this.#said.set(hash, { answer, untilMs: Math.max(nowMs, notBeforeMs) + usualExpiryMs });
  }

  /** A transaction that took effect. */
  committed({ skewMs }: Pass, writes: readonly Write[]): void {
    for (const { claim } of locksIn(writes)) if (claim) this.#claimed(claim, claim.decidedAtMs - skewMs);
  }

  /** Whether the command of this claim, or the end of this run, was approved. */
  covers(claimOrRunId: string): boolean {
    return this.#approved.has(claimOrRunId);
  }

  #claimed(claim: Claim, decidedAtMs: number): void {
    const { approval: hash, id, job } = claim;
    if (hash === undefined || this.#approved.has(id)) return;
    const said = this.#said.get(hash);
    const about = `claim ${id} of ${job} counts on a yes to plan ${hash}`;
    if (said?.answer !== 'approved')
      this.#report('approved', `${about}, which is ${said?.answer ?? 'not answered'}`);
    else if (said.usedBy !== undefined)
      this.#report('approved-once', `${about}, which claim ${said.usedBy} has used`);
    else if (decidedAtMs > said.untilMs + clockBoundMs)
      this.#report('approved-in-time', `${about}, which had expired`);
    if (said) said.usedBy ??= id;
    this.#approved.add(id);
    if (claim.kind === 'cancel') this.#approved.add(claim.runId);
  }
}
