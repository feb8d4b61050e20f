import type { Mode, ResolvedPolicy } from '../../core/job.ts';
import { clockBoundMs, startDeadlineMs } from '../../core/protocol.ts';
import type { Known, Pass } from './pass.ts';

/** Assumption A8: what was checked before a switch was pulled takes effect within this time, or never. */
const switchSettlesMs = 10_000;

/** Something that forbids commands, and since when. */
interface Ban {
  readonly what: 'kill-switch' | 'fleet-pause' | 'job-pause' | 'mode' | 'window' | 'not-in-policy';
  readonly sinceMs: number;
}

/** A signed command on its way to the service. */
export interface Command {
  readonly pass: Pass;
  /** What the pass had read when it sent the command; a late packet does not learn on its way. */
  readonly known: Known;
  readonly job: string;
  readonly notAfterMs: number;
  /** A person said yes to it, which is what mode suggest waits for. */
  readonly isApproved: boolean;
}

/** What people have switched, as the world knows it: the truth that the control code has to heed. */
export class Switches {
  #killedSinceMs: number | undefined;
  #pause: { sinceMs: number; untilMs: number } | undefined;
  readonly #jobPauses = new Map<string, { sinceMs: number; untilMs: number }>();
  readonly #windows = new Map<string, { sinceMs: number; untilMs: number }>();
  readonly #nameAt = new Map<string, string>();
  readonly #modes = new Map<string, { mode: Mode | 'gone'; sinceMs: number }>();

  kill(sinceMs: number | undefined): void {
    this.#killedSinceMs = sinceMs;
  }

  pause(pause: { sinceMs: number; untilMs: number } | undefined): void {
    this.#pause = pause;
  }

  pauseJob(job: string, pause: { sinceMs: number; untilMs: number }): void {
    this.#jobPauses.set(job, pause);
  }

  policy(policy: ResolvedPolicy, nowMs: number): void {
    for (const name of this.#modes.keys()) {
      if (policy.jobs[name] === undefined) this.#set(name, 'gone', nowMs);
    }
    for (const { actions, checkpoints, mode, name, windows = [] } of Object.values(policy.jobs)) {
      this.#nameAt.set(checkpoints[0] ?? '', name);
      this.#set(name, actions.restart ?? mode, nowMs);
      for (const { when } of windows) {
        if (when.kind !== 'once') continue;
        this.#windows.set(name, { sinceMs: Date.parse(`${when.from}Z`), untilMs: Date.parse(`${when.to}Z`) });
      }
    }
  }

  /** What the policy calls the job of a checkpoint now, whatever name its run was started under. */
  jobAt(checkpoint: string): string | undefined {
    return this.#nameAt.get(checkpoint);
  }

  /**
   * What becomes of a command that reaches the service now. `lost`: it was checked before the switch and is older
   * than A8 allows, so the world takes it away. A ban is breached by whoever knew, or could have known, of it.
   */
  fateOf(
    command: Command,
    nowMs: number,
  ): { kind: 'goes' } | { kind: 'lost' } | { kind: 'breaches'; ban: Ban } {
    const bans = this.#bans(command, nowMs);
    for (const ban of bans) if (knew(command, ban)) return { kind: 'breaches', ban };
    const isOld = bans.some((ban) => nowMs > ban.sinceMs + switchSettlesMs);
    return { kind: isOld ? 'lost' : 'goes' };
  }

  #bans({ job, isApproved }: Command, nowMs: number): readonly Ban[] {
    const bans: Ban[] = [];
    if (this.#killedSinceMs !== undefined) bans.push({ what: 'kill-switch', sinceMs: this.#killedSinceMs });
    const pause = this.#pause;
    // Clocks differ, so its last seconds are nobody's fault.
    if (pause && nowMs < pause.untilMs - 10_000) bans.push({ what: 'fleet-pause', sinceMs: pause.sinceMs });
    const own = this.#jobPauses.get(job);
    if (own && nowMs < own.untilMs - 10_000) bans.push({ what: 'job-pause', sinceMs: own.sinceMs });
    const window = this.#windows.get(job);
    if (window && nowMs > window.sinceMs && nowMs < window.untilMs - 10_000)
      bans.push({ what: 'window', sinceMs: window.sinceMs });
    const known = this.#modes.get(job);
    if (known?.mode === 'gone') bans.push({ what: 'not-in-policy', sinceMs: known.sinceMs });
    else if (known && known.mode !== 'act' && !(known.mode === 'suggest' && isApproved))
      bans.push({ what: 'mode', sinceMs: known.sinceMs });
    return bans;
  }

  #set(name: string, mode: Mode | 'gone', nowMs: number): void {
    if (this.#modes.get(name)?.mode !== mode) this.#modes.set(name, { mode, sinceMs: nowMs });
  }
}

/** The switches are read right before each command; a mode and a job's pause bind the claims that are decided under them. */
function knew({ pass, known, notAfterMs }: Command, ban: Ban): boolean {
  if (ban.what === 'kill-switch' || ban.what === 'fleet-pause') return known.controlReadAtMs >= ban.sinceMs;
  // Nobody has to read that a window opens: the clock of the pass says so, which may be late by the bound.
  if (ban.what === 'window') return known.controlReadAtMs > ban.sinceMs + clockBoundMs;
  const isDecidedUnder = notAfterMs - startDeadlineMs - pass.skewMs > ban.sinceMs;
  // It stands in the record of the job, which the claim is written against.
  if (ban.what === 'job-pause') return isDecidedUnder;
  return known.policyReadAtMs >= ban.sinceMs || isDecidedUnder;
}
