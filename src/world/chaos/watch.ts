import type { CancelAnswer, Notice, StartAnswer, Write } from '../../control/ports.ts';
import type { PassReport } from '../../control/reconcile.ts';
import { isNewPost } from '../../core/decision.ts';
import { type JobRun, runTags } from '../../core/job-run.ts';
import type { LaunchRequest } from '../../core/launch-request.ts';
import { startDeadlineMs } from '../../core/protocol.ts';
import type { Journal, JournalEntry } from '../journal.ts';
import type { VirtualTime } from '../virtual-time.ts';
import { Approvals } from './approvals.ts';
import { Budgets } from './budgets.ts';
import { OneWriter } from './one-writer.ts';
import { Orders } from './orders.ts';
import type { Known, Pass } from './pass.ts';
import { isLive, RunLedger } from './run-ledger.ts';
import { ourArn } from './site.ts';
import type { Command, Switches } from './switches.ts';
import { Told } from './told.ts';

export interface Violation {
  readonly seed: number;
  /** Number of the pass in which it showed. */
  readonly step: number;
  readonly invariant: string;
  readonly message: string;
}

/** A broken schedule breaks again with each pass; its first violations tell the story. */
const violationsMax = 5;

interface Given {
  readonly seed: number;
  readonly time: VirtualTime;
  readonly journal: Journal;
  readonly switches: Switches;
}

interface Packet {
  readonly pass: Pass;
  readonly known: Known;
  readonly request: LaunchRequest;
  readonly signedAtMs: number;
  readonly notAfterMs: number;
}

/** Sees everything that reaches the world, and says at every step whether a promise was broken. */
export class Watch {
  readonly violations: Violation[] = [];
  readonly runs: RunLedger;
  readonly approvals: Approvals;
  readonly budgets: Budgets;
  readonly oneWriter: OneWriter;
  readonly orders: Orders;
  readonly told: Told;
  /** Hears how each pass of reconcile ended: for a close look at one seed. */
  onPass: (pass: Pass, report: PassReport) => void = () => {};
  readonly #given: Given;
  #packet: Packet | undefined;
  #passes = 0;

  constructor(given: Given) {
    const report = (invariant: string, message: string) => this.report(invariant, message);
    this.#given = given;
    this.runs = new RunLedger(given.journal);
    this.approvals = new Approvals(report);
    this.budgets = new Budgets(report);
    this.oneWriter = new OneWriter(this.runs, report);
    this.orders = new Orders(this.runs, report);
    this.told = new Told(report);
    given.journal.onEntry((entry) => this.#hear(entry));
  }

  report(invariant: string, message: string): void {
    if (this.violations.length >= violationsMax) return;
    this.violations.push({ seed: this.#given.seed, step: this.#passes, invariant, message });
  }

  nextPassId(): number {
    this.#passes += 1;
    return this.#passes;
  }

  threw(pass: Pass, error: unknown): void {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    this.report('no-exception', `pass ${pass.id} (${pass.kind} ${pass.job ?? ''}) threw ${text}`);
  }

  committed(pass: Pass, writes: readonly Write[]): void {
    this.oneWriter.committed(pass, writes);
    this.approvals.committed(pass, writes);
  }

  answered(run: JobRun): void {
    this.oneWriter.answered(run);
  }

  heard(notice: Notice): void {
    if (!this.told.hear(notice, this.#given.time.now())) return;
    const { event, incidentId, job } = notice;
    const incident = incidentId === undefined ? {} : { incident: incidentId };
    this.#given.journal.write('notice', { job }, { ...incident, event, newPost: isNewPost(event) });
  }

  /** A start reaches the service. */
  sending(packet: Packet, deliver: () => StartAnswer): StartAnswer {
    const tags = packet.request.tags ?? {};
    const job = tags[runTags.job] ?? '';
    const isApproved = this.approvals.covers(tags[runTags.claim] ?? '') || tags[runTags.cause] === 'operator';
    if (!this.#mayPass({ ...packet, job, isApproved }, 'start'))
      return { kind: 'ambiguous', message: 'no answer' };
    this.#packet = packet;
    const answer = deliver();
    this.#packet = undefined;
    return answer;
  }

  /** A cancel reaches the service. */
  cancelling(
    packet: Omit<Packet, 'request'> & { jobRunId: string },
    deliver: () => CancelAnswer,
  ): CancelAnswer {
    const { pass, jobRunId } = packet;
    const run = this.runs.get(jobRunId);
    // Ended runs stay as they are, so a cancel of one is no deed.
    const isDeed = run !== undefined && isLive(run) && run.state !== 'CANCELLING';
    const decidedAtMs = packet.notAfterMs - startDeadlineMs - pass.skewMs;
    const isApproved =
      this.approvals.covers(jobRunId) ||
      (run !== undefined &&
        (this.orders.isStopped(run.checkpoint) || this.orders.wasStopped(run.checkpoint, decidedAtMs)));
    // A sweep that makes passes itself does not say of which job.
    const job = pass.job ?? this.#given.switches.jobAt(run?.checkpoint ?? '') ?? run?.job ?? '';
    if (isDeed && !this.#mayPass({ ...packet, job, isApproved }, 'cancel'))
      return { kind: 'ambiguous', message: 'no answer' };
    return deliver();
  }

  #mayPass(command: Command, what: string): boolean {
    const fate = this.#given.switches.fateOf(command, this.#given.time.now());
    if (fate.kind === 'breaches')
      this.report(
        'guard',
        `pass ${command.pass.id} sent a ${what} for ${command.job} against ${fate.ban.what}`,
      );
    return fate.kind !== 'lost';
  }

  #hear({ kind, by, jobRunId, job = '', cause, t }: JournalEntry): void {
    if (kind !== 'start-accepted' || by !== ourArn) return;
    const run = this.runs.get(String(jobRunId));
    if (!run) return;
    const packet = this.#packet;
    const claimId = packet?.request.tags?.[runTags.claim] ?? '';
    if (cause === 'restart') this.budgets.restarted(job, this.oneWriter.failureAnswered(claimId), t);
    if (cause === 'operator') this.orders.obeyed(run);
    if (!packet) return;
    this.oneWriter.started(run, { claimId, notAfterMs: packet.notAfterMs, skewMs: packet.pass.skewMs }, t);
  }
}
