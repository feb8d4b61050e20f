import { type CheckpointWriter, ConcurrentUpdate } from './checkpoint-writer.ts';
import { type Cause, type DeathScene, isRefusal } from './failure-texts.ts';
import type { Ending, JobScript } from './job-script.ts';
import type { Journal, Subject } from './journal.ts';
import type { Spread, WorldParameters } from './parameters.ts';
import type { Random } from './random.ts';
import { type Batch, batchSeconds, executorsWanted, nextBatch } from './spark-batch.ts';
import type { SparkJob } from './spark-request.ts';
import type { Stream } from './stream.ts';
import type { VirtualTime } from './virtual-time.ts';

/** How an attempt ended by itself. A killed one reports nothing. */
export type AttemptExit = { kind: 'success' } | { kind: 'failed'; cause: Cause; scene: DeathScene };

export interface SparkAttemptOptions {
  time: VirtualTime;
  random: Random;
  parameters: WorldParameters;
  journal: Journal;
  stream: Stream;
  checkpoint: CheckpointWriter;
  script: JobScript;
  job: SparkJob;
  subject: Subject;
  attempt: number;
  /** How many of the wanted executors the service gives. */
  takeExecutors: (wanted: number) => number;
  /** Pre-initialised workers wait for the job. */
  isWarm: boolean;
  onExit: (exit: AttemptExit) => void;
}

interface InFlight {
  batch: Batch;
  startedAtMs: number;
  endsAtMs: number;
}

/** Endings that need no batch in flight: they happen between two batches as well. */
const betweenBatches = (cause: Ending): boolean => cause === 'exit-0' || cause === 'stall';

/** One attempt of a run while it is RUNNING: the driver starts, then micro-batches until something ends it. */
export class SparkAttempt {
  readonly #given: SparkAttemptOptions;
  readonly #timers = new Set<() => void>();
  readonly #runId: string;
  #queryId = '';
  #executors = 0;
  #executorsReadyAtMs = 0;
  #lastBatchId: number | undefined;
  #batchesCommitted = 0;
  #inFlight: InFlight | undefined;
  #onStopped: (() => void) | undefined;
  #isOver = false;

  constructor(options: SparkAttemptOptions) {
    this.#given = options;
    this.#runId = options.random.uuid();
    this.#after(this.#draw(options.parameters.driverStartSeconds), () => this.#driverUp());
  }

  /** Ends at once; a batch in flight stays planned and is not committed. */
  kill(): void {
    if (this.#isOver) return;
    this.#leaveBatch();
    this.#end();
  }

  /** Lets the batch in flight finish, plans no other, then calls back. */
  stopGracefully(onStopped: () => void): void {
    if (this.#inFlight !== undefined) {
      this.#onStopped = onStopped;
      return;
    }
    this.#end();
    onStopped();
  }

  #driverUp(): void {
    const { checkpoint, job, random, script, time } = this.#given;
    this.#queryId = checkpoint.open(random, job.shufflePartitions).queryId;
    for (const atMs of script.timesAfter(time.now())) {
      this.#after(atMs - time.now(), () => {
        const cause = this.#struckBy(() => true);
        if (cause !== undefined) this.#suffer(cause);
      });
    }
    this.#askForExecutors(true);
  }

  /** Without room for a single one the driver runs on and asks again: nothing fails, and nothing is committed. */
  #askForExecutors(isFirst: boolean): void {
    const { job, journal, parameters, script, stream, subject, takeExecutors, time, isWarm } = this.#given;
    this.#executors = takeExecutors(executorsWanted(stream.shardIds.length, job));
    if (this.#executors === 0) {
      if (isFirst) journal.write('executors-refused', subject, {});
      this.#after(parameters.executorRetrySeconds * 1000, () => this.#askForExecutors(false));
      return;
    }
    const workers = isWarm ? parameters.warmExecutorSeconds : parameters.coldExecutorSeconds;
    const loadSeconds = ((script.behaviour.stateMb ?? 0) / 100) * parameters.stateLoadSecondsPer100Mb;
    this.#executorsReadyAtMs = time.now() + this.#draw(workers) + loadSeconds * 1000;
    this.#next();
  }

  #next(): void {
    const ending = this.#struckBy(betweenBatches);
    if (ending !== undefined) {
      this.#suffer(ending);
      return;
    }
    const { checkpoint, parameters, stream, time } = this.#given;
    const batch = nextBatch({ checkpoint, stream, parameters, nowMs: time.now(), after: this.#lastBatchId });
    if (batch.records === 0 && !batch.isReplay) {
      this.#after(this.#emptyPollMs(), () => this.#next());
      return;
    }
    this.#guarded(batch.batchId, () => {
      if (!batch.isReplay) checkpoint.plan(batch.plan);
      this.#run(batch);
    });
  }

  #run(batch: Batch): void {
    const { job, parameters, stream, time } = this.#given;
    const nowMs = time.now();
    stream.noteRead(nowMs, batch.oldestMs);
    const waitMs = Math.max(0, this.#executorsReadyAtMs - nowMs);
    const slots = this.#executors * job.executor.cores;
    const runMs = batchSeconds(batch, slots, parameters) * 1000;
    this.#inFlight = { batch, startedAtMs: nowMs + waitMs, endsAtMs: nowMs + waitMs + runMs };
    const cause = this.#struckBy((candidate) => !betweenBatches(candidate));
    if (cause === undefined) {
      this.#after(waitMs + runMs, () => this.#commit(batch));
    } else {
      this.#after(waitMs + runMs * this.#given.random.between(0.1, 0.9), () => this.#suffer(cause));
    }
  }

  #commit(batch: Batch): void {
    const { attempt, checkpoint, journal, subject } = this.#given;
    this.#guarded(batch.batchId, () => {
      for (const [shardId, end] of batch.ends) checkpoint.endShard(batch.batchId, shardId, end);
      checkpoint.commit(batch.batchId);
      // Said at the commit: a batch that is planned once and run twice has lost its records once.
      if (batch.recordsLost > 0) journal.write('records-lost', subject, { count: batch.recordsLost });
      journal.write('batch-committed', subject, { batch: batch.batchId, records: batch.records, attempt });
      this.#batchesCommitted += 1;
      this.#lastBatchId = batch.batchId;
      this.#inFlight = undefined;
      if (this.#onStopped === undefined) this.#next();
      else this.stopGracefully(this.#onStopped);
    });
  }

  /** Spark finds a second writer only when it writes its log, and dies of it. */
  #guarded(batchId: number, write: () => void): void {
    try {
      write();
    } catch (error) {
      if (!(error instanceof ConcurrentUpdate)) throw error;
      this.#exit({ kind: 'failed', cause: 'concurrent-run', scene: this.#scene(batchId) });
    }
  }

  #struckBy(accepts: (cause: Ending) => boolean): Ending | undefined {
    const { checkpoint, job, script, time } = this.#given;
    const moment = {
      nowMs: time.now(),
      batchesCommitted: this.#batchesCommitted,
      batchId: this.#inFlight?.batch.batchId ?? checkpoint.lastCommitted + 1,
      executorMemoryGb: job.executor.memoryGb,
    };
    return script.strike(moment, (cause) => !isRefusal(cause) && accepts(cause));
  }

  #suffer(ending: Ending): void {
    const batchId = this.#inFlight?.batch.batchId ?? this.#given.checkpoint.lastCommitted + 1;
    if (ending === 'stall') {
      // The driver lives on and its batch hangs; a graceful stop waits for it until the grace is over.
      this.#cancelTimers();
      return;
    }
    this.#leaveBatch();
    if (ending === 'exit-0') this.#exit({ kind: 'success' });
    else this.#exit({ kind: 'failed', cause: ending, scene: this.#scene(batchId) });
  }

  /** Tasks that were done by now have written their end positions; the others have not. */
  #leaveBatch(): void {
    if (this.#inFlight === undefined) return;
    const { batch, startedAtMs, endsAtMs } = this.#inFlight;
    this.#inFlight = undefined;
    const share = Math.max(0, (this.#given.time.now() - startedAtMs) / (endsAtMs - startedAtMs));
    const finished = [...batch.ends].slice(0, Math.floor(share * batch.ends.size));
    for (const [shardId, end] of finished) this.#given.checkpoint.endShard(batch.batchId, shardId, end);
  }

  #exit(exit: AttemptExit): void {
    const onStopped = this.#onStopped;
    this.#end();
    // Whoever asked for a stop has it, whichever way it came.
    if (onStopped !== undefined) onStopped();
    else this.#given.onExit(exit);
  }

  #end(): void {
    this.#isOver = true;
    this.#inFlight = undefined;
    this.#cancelTimers();
  }

  #scene(batchId: number): DeathScene {
    return { batchId, queryId: this.#queryId, runId: this.#runId, timeMs: this.#given.time.now() };
  }

  /** Time to the next record, so that an idle stream costs few events, and one poll at least. */
  #emptyPollMs(): number {
    const { parameters, stream, time } = this.#given;
    const rate = stream.rateAt(time.now());
    const nextRecordMs = rate > 0 ? Math.min(60_000, 1000 / rate) : 10_000;
    return Math.max(parameters.emptyPollSeconds * 1000, nextRecordMs);
  }

  #draw({ p50, p95 }: Spread): number {
    return 1000 * this.#given.random.logNormal({ median: p50, p95 });
  }

  #after(ms: number, fn: () => void): void {
    const cancel = this.#given.time.after(Math.round(ms), () => {
      this.#timers.delete(cancel);
      fn();
    });
    this.#timers.add(cancel);
  }

  #cancelTimers(): void {
    for (const cancel of this.#timers) cancel();
    this.#timers.clear();
  }
}
