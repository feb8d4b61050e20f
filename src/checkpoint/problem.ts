/** What a fault makes of the health of a checkpoint; `note` changes nothing. */
export type Weight = 'corrupt' | 'incompatible' | 'note';

interface ProblemKind {
  readonly weight: Weight;
  /** What Spark does when it is started on such a checkpoint. */
  readonly spark: string;
  /**
   * How that is known: Spark 3.5.7, and mostly 4.1.1 too, was run on such a checkpoint; or the code of Spark or of the
   * connector says so; or neither is certain.
   */
  readonly known: 'measured' | 'code' | 'guess';
  /** What a person can do. */
  readonly mend: string;
}

const restore =
  'bring the file back from a version or backup of the bucket; else go on from a new checkpoint with positions of your own choice';

/** Every fault that the reader knows. The table in docs/checkpoints.md is made from it. */
export const problemKinds = {
  'metadata-damaged': {
    weight: 'corrupt',
    known: 'measured',
    spark: 'Spark refuses to start the query: it cannot parse the query id',
    mend: 'bring the file back; or delete it yourself: Spark then goes on under a new query id',
  },
  'metadata-missing': {
    weight: 'note',
    known: 'measured',
    spark: 'Spark goes on where the checkpoint ends, silently under a new query id',
    mend: 'nothing has to be done; what knows the query by its id has to learn the new one',
  },
  'offsets-damaged': {
    weight: 'corrupt',
    known: 'measured',
    spark: 'Spark refuses to start the query',
    mend: restore,
  },
  'offset-gap': {
    weight: 'corrupt',
    known: 'measured',
    spark: 'Spark refuses to start the query: it reads the batch before the last one too',
    mend: restore,
  },
  'offsets-behind-commits': {
    weight: 'corrupt',
    known: 'measured',
    spark: 'Spark runs a batch that is committed already, then fails with CONCURRENT_STREAM_LOG_UPDATE',
    mend: restore,
  },
  'sources-differ': {
    weight: 'corrupt',
    known: 'measured',
    spark: 'Spark refuses to start the query: the last two batches do not have the same sources',
    mend: restore,
  },
  'source-offset-damaged': {
    weight: 'corrupt',
    known: 'measured',
    spark: 'the source refuses to parse its offset, and the query fails',
    mend: restore,
  },
  'commit-damaged': {
    weight: 'corrupt',
    known: 'measured',
    spark: 'Spark refuses to start the query',
    mend: restore,
  },
  'log-version-unsupported': {
    weight: 'incompatible',
    known: 'measured',
    spark: 'Spark 3.5 fails with UnsupportedLogVersion',
    mend: 'start the job with the Spark version and settings that wrote the checkpoint',
  },
  'source-log-missing': {
    weight: 'corrupt',
    known: 'measured',
    spark: 'the source cannot find what it planned, and the query fails',
    mend: restore,
  },
  'source-log-damaged': {
    weight: 'corrupt',
    known: 'measured',
    spark: 'the source cannot parse its own log, and the query fails',
    mend: restore,
  },
  'shard-ends-elsewhere': {
    weight: 'note',
    known: 'code',
    spark: 'the connector reads the ends of the last batch from DynamoDB',
    mend: 'look at the table of the committer; they cannot be seen here',
  },
  'shard-end-missing': {
    weight: 'note',
    known: 'measured',
    spark: 'the connector reads the shard again from where the batch started',
    mend: 'nothing has to be done after a killed batch; else expect duplicates',
  },
  'state-missing': {
    weight: 'corrupt',
    known: 'measured',
    spark: 'the first task that loads the state fails, and the query with it',
    mend: restore,
  },
  'state-gone': {
    weight: 'corrupt',
    known: 'measured',
    spark: 'a query with state fails when the first task loads it; only one that keeps none would go on',
    mend: restore,
  },
  'settings-changed': {
    weight: 'corrupt',
    known: 'measured',
    spark: 'Spark takes the new value: it fails to load the state, or goes on and computes wrong results',
    mend: restore,
  },
  'commits-behind': {
    weight: 'note',
    known: 'measured',
    spark: 'Spark runs the last planned batch again, and only that one',
    mend: 'nothing has to be done; a sink that is not idempotent may hold rows twice',
  },
  'offsets-went-back': {
    weight: 'note',
    known: 'code',
    spark: 'a source with failOnDataLoss fails when it runs the batch again; others read rows twice',
    mend: 'find out whether the stream was made anew under the same name',
  },
  'log-gone': {
    weight: 'note',
    known: 'measured',
    spark: 'Spark starts a new query at batch 0 over what an earlier one left here',
    mend: 'nothing has to be done after a first run that died early; else bring offsets/ and commits/ back',
  },
  'nothing-there': {
    weight: 'note',
    known: 'code',
    spark: 'Spark starts a new query at batch 0',
    mend: 'check the spelling of the location if there should be a checkpoint',
  },
  'not-checked': {
    weight: 'note',
    known: 'guess',
    spark: 'what Spark does with it was not looked at',
    mend: 'nothing has to be done',
  },
} as const satisfies Record<string, ProblemKind>;

export type ProblemCode = keyof typeof problemKinds;

export interface Problem {
  readonly code: ProblemCode;
  /** What is wrong there, and what Spark would do. */
  readonly message: string;
  /** Relative to the checkpoint. */
  readonly path: string;
}

/** `what` is the fault at this place, in words. */
export function problem(code: ProblemCode, path: string, what: string): Problem {
  return { code, message: `${what}; ${problemKinds[code].spark}`, path };
}

export function weightOf({ code }: Problem): Weight {
  return problemKinds[code].weight;
}
