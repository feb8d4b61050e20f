import type { Answer, CheckpointHead } from '../control/ports.ts';
import type { ResolvedJob } from '../core/job.ts';
import type { PositionGap } from '../core/observation.ts';
import type { Fixture } from './schema.ts';
import type { ScriptedRun } from './scripted-runs.ts';
import { ScriptedStream, unmeasured } from './scripted-stream.ts';
import { missing, type Sample, type Series, sampleAt } from './series.ts';
import type { SeriesName } from './vocabulary.ts';

export interface ScriptedJobOptions {
  readonly job: ResolvedJob;
  readonly fixture: Fixture;
  readonly series: Readonly<Partial<Record<SeriesName, Series>>>;
  readonly startMs: number;
  readonly stepMs: number;
  /** Runs of this job, oldest first. */
  readonly runs: () => readonly ScriptedRun[];
}

/**
 * How long before the start a job of a fixture is taken over, and its last batch committed: a job that has proved itself
 * since, whose run and checkpoint Checkpilot knows. Whatever is wrong with it comes later.
 */
export const adoptedBeforeMs = 10_000;
const committedBeforeMs = 5_000;

interface Commit {
  readonly batch: number;
  readonly atMs: number;
}

/** What the sensors of one job would measure, from its fixture and its series. */
export class ScriptedJob {
  readonly job: ResolvedJob;
  /** What Spark would refuse the checkpoint for. */
  fault: { readonly message: string; readonly path: string } | undefined;
  /** Where the next run begins another batch than the one that follows. */
  gaps: readonly PositionGap[] = [];
  /** What it reads. */
  readonly stream: ScriptedStream;
  readonly #given: ScriptedJobOptions;

  constructor(options: ScriptedJobOptions) {
    this.job = options.job;
    this.stream = new ScriptedStream(options);
    this.#given = options;
  }

  /** The same at each of the job's locations. */
  head(nowMs: number): Answer<CheckpointHead> {
    const { fixture } = this.#given;
    const committed =
      fixture.checkpoint.commitEvery === undefined ? this.#ofSeries(nowMs) : this.#byItself(nowMs);
    if (!committed) return unmeasured('checkpoint.lastCommittedBatch');
    const planned = this.#planned(committed, nowMs);
    if (!planned) return unmeasured('checkpoint.lastPlannedBatch');
    const times = {
      ...(committed.batch >= 0
        ? { committedAtMs: committed.atMs, committedPlannedAtMs: committed.atMs }
        : {}),
      ...(planned.batch >= 0 ? { plannedAtMs: planned.atMs } : {}),
    };
    return { ok: true, value: { committedBatch: committed.batch, plannedBatch: planned.batch, times } };
  }

  #ofSeries(nowMs: number): Commit | undefined {
    const { series, startMs } = this.#given;
    const { lastCommittedBatch: batch, ageSeconds } = this.#given.fixture.checkpoint;
    const atStart = { batch, atMs: startMs - ageSeconds * 1_000 };
    if (nowMs < startMs - committedBeforeMs)
      return { batch: Math.max(-1, batch - 1), atMs: atStart.atMs - 60_000 };
    const given = series['checkpoint.lastCommittedBatch'];
    return given ? this.#since(given, nowMs, atStart) : atStart;
  }

  #planned(committed: Commit, nowMs: number): Commit | undefined {
    const given = this.#given.series['checkpoint.lastPlannedBatch'];
    if (given) return this.#since(given, nowMs, committed);
    // A job that commits by itself always has the next batch under way.
    return this.#given.fixture.checkpoint.commitEvery === undefined
      ? committed
      : { batch: committed.batch + 1, atMs: committed.atMs };
  }

  /** The sample of now, and the step from which on it has been so; gaps between equal samples change nothing. */
  #since(series: Series, nowMs: number, atStart: Commit): Commit | undefined {
    const { startMs, stepMs } = this.#given;
    if (nowMs < startMs) return atStart;
    const now = sampleAt(series, this.#stepOf(nowMs));
    if (typeof now !== 'number') return undefined;
    let first = this.#stepOf(nowMs);
    for (let step = first - 1; step >= 0; step--) {
      const sample: Sample | undefined = sampleAt(series, step);
      if (sample === now) first = step;
      else if (sample !== missing) break;
    }
    const isAsBefore = first === 0 && now === atStart.batch;
    return { batch: now, atMs: isAsBefore ? atStart.atMs : startMs + first * stepMs };
  }

  /** A batch for each whole `commitEvery` that a run was RUNNING. */
  #byItself(nowMs: number): Commit {
    const { startMs, fixture } = this.#given;
    const { lastCommittedBatch, ageSeconds, commitEvery = 0 } = fixture.checkpoint;
    let commit: Commit = { batch: lastCommittedBatch, atMs: startMs - ageSeconds * 1_000 };
    if (nowMs < startMs - committedBeforeMs)
      return { batch: Math.max(-1, commit.batch - 1), atMs: commit.atMs - commitEvery };
    for (const { startedAtMs, endedAtMs = nowMs } of this.#given.runs()) {
      if (startedAtMs === undefined) continue;
      const fromMs = Math.max(startedAtMs, commit.atMs);
      const batches = Math.floor((Math.min(endedAtMs, nowMs) - fromMs) / commitEvery);
      if (batches > 0) commit = { batch: commit.batch + batches, atMs: fromMs + batches * commitEvery };
    }
    return commit;
  }

  #stepOf(atMs: number): number {
    return Math.floor((atMs - this.#given.startMs) / this.#given.stepMs);
  }
}
