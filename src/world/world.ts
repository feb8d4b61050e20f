import { CheckpointWriter, type ObjectSink } from './checkpoint-writer.ts';
import type { AttemptHooks } from './emr-engine.ts';
import { EmrEvents } from './emr-events.ts';
import type { Run } from './emr-run.ts';
import { EmrServerless } from './emr-serverless.ts';
import { isRefusal } from './failure-texts.ts';
import { type JobBehaviour, JobScript } from './job-script.ts';
import { Journal } from './journal.ts';
import { Kinesis } from './kinesis.ts';
import { type WorldParameters, withDefaults } from './parameters.ts';
import { Random } from './random.ts';
import { type AttemptExit, SparkAttempt } from './spark-job.ts';
import { Stream, type StreamOptions } from './stream.ts';
import type { VirtualTime } from './virtual-time.ts';

export interface WorldOptions {
  seed: string | number;
  /** Shared with whatever else lives in the same time. */
  time: VirtualTime;
  objects: ObjectSink;
  parameters?: Partial<WorldParameters>;
}

/** The services on virtual time. The same seed and the same calls give the same journal, byte by byte. */
export class World {
  readonly time: VirtualTime;
  readonly random: Random;
  readonly parameters: WorldParameters;
  readonly journal: Journal;
  readonly emr: EmrServerless;
  readonly kinesis: Kinesis;
  readonly #objects: ObjectSink;
  readonly #scripts = new Map<string, JobScript>();
  readonly #streams = new Map<string, Stream>();
  readonly #checkpoints = new Map<string, CheckpointWriter>();

  constructor({ seed, objects, parameters, time }: WorldOptions) {
    this.time = time;
    this.random = new Random(seed);
    this.parameters = withDefaults(parameters);
    this.journal = new Journal(time, seed);
    this.#objects = objects;
    const shared = { time, parameters: this.parameters, journal: this.journal, objects };
    this.kinesis = new Kinesis({
      time,
      parameters: this.parameters,
      journal: this.journal,
      streams: this.#streams,
    });
    this.emr = new EmrServerless({
      ...shared,
      random: this.random.fork('emr-serverless'),
      events: new EmrEvents(time, this.random.fork('events'), this.parameters),
      launcher: { refuse: (run) => this.#refuse(run), launch: (run, hooks) => this.#launch(run, hooks) },
    });
  }

  /** Says what happens to the runs of a job, by the name of the job run. It replaces an earlier script. */
  script(name: string, behaviour: JobBehaviour): void {
    this.#scripts.set(name, new JobScript(behaviour));
  }

  /** Throws if there is one of that name already. */
  createStream(options: Pick<StreamOptions, 'name'> & Partial<StreamOptions>): Stream {
    if (this.#streams.has(options.name)) throw new Error(`There is a stream ${options.name} already`);
    const { streamShards, streamRecordsPerSecond, streamRetentionSeconds } = this.parameters;
    const defaults = {
      shards: streamShards,
      recordsPerSecond: streamRecordsPerSecond,
      retentionMs: streamRetentionSeconds * 1000,
    };
    const stream = new Stream({ ...defaults, ...options }, this.time.now());
    this.#streams.set(options.name, stream);
    return stream;
  }

  stream(name: string): Stream | undefined {
    return this.#streams.get(name);
  }

  #refuse(run: Run): AttemptExit | undefined {
    const moment = {
      nowMs: this.time.now(),
      batchesCommitted: 0,
      batchId: 0,
      executorMemoryGb: run.job.executor.memoryGb,
    };
    const cause = this.#scriptOf(run).strike(moment, isRefusal);
    if (cause === undefined || !isRefusal(cause)) return undefined;
    const scene = { batchId: 0, queryId: '', runId: '', timeMs: this.time.now() };
    return { kind: 'failed', cause, scene };
  }

  #launch(run: Run, { onExit, takeExecutors }: AttemptHooks): SparkAttempt {
    const script = this.#scriptOf(run);
    const streamName = run.job.streamName ?? script.behaviour.stream ?? this.#nameOf(run);
    return new SparkAttempt({
      time: this.time,
      // A stream of its own per attempt: what one job draws never changes what another sees.
      random: this.random.fork(`${run.jobRunId}/${run.attempt.number}`),
      parameters: this.parameters,
      journal: this.journal,
      stream: this.#streams.get(streamName) ?? this.createStream({ name: streamName }),
      checkpoint: this.#checkpointOf(run),
      script,
      job: run.job,
      subject: run.subject,
      attempt: run.attempt.number,
      isWarm: run.application.initialCapacity !== undefined,
      takeExecutors,
      onExit,
    });
  }

  #checkpointOf(run: Run): CheckpointWriter {
    const uri = run.job.checkpoints[0];
    const { batchesRetained } = this.parameters;
    // Without the argument Spark takes a temporary location: nobody else shares it and nobody finds it again.
    if (uri === undefined)
      return new CheckpointWriter(nowhere, `s3://temporary/${run.jobRunId}`, batchesRetained);
    const checkpoint =
      this.#checkpoints.get(uri) ?? new CheckpointWriter(this.#objects, uri, batchesRetained);
    this.#checkpoints.set(uri, checkpoint);
    return checkpoint;
  }

  #scriptOf(run: Run): JobScript {
    return this.#scripts.get(this.#nameOf(run)) ?? new JobScript({});
  }

  #nameOf(run: Run): string {
    return run.request.name ?? run.subject.job ?? run.jobRunId;
  }
}

const nowhere: ObjectSink = { put: () => {}, delete: () => {} };
