import type { FailureRule } from './rule.ts';

/**
 * Suspicion: an error that nobody can explain, in words that belong to checkpoints, retention or writers. It is asked
 * last, and it is no knowledge. It only keeps an unknown wording of a known danger from being tried again.
 */
export const suspicionRules: readonly FailureRule[] = [
  {
    id: 'unexplained-about-writers',
    class: 'concurrent-run',
    strength: 'suspicion',
    pattern:
      /supersed|(?:running|started|active|alive|up) twice\b|(?:two|both|second|another|other) (?:cop(?:y|ies)|processes)\b|took over|taken over|\bfenc(?:ed|ing)\b|ownership|\blease\b|holds the (?:lock|checkpoint)|zombie|split.?brain|stale (?:epoch|writer|run)\b|(?:newer|another|other) (?:run|writer)\b|by (?:someone|somebody) else|\b(?:lock|checkpoint|batch)\b[^\n]{0,80}\b(?:owned|held|planned|written|committed|taken) by\b/i,
    examples: [
      'IllegalStateException: this one was superseded by run 7',
      'RuntimeException: this job is running twice',
    ],
  },
  {
    id: 'unexplained-about-loss',
    class: 'source-data-lost',
    strength: 'suspicion',
    pattern:
      /DATA_LOSS|DataLoss|retention|\b(?:records?|messages?|events?|rows?|data|partitions?|shards?|topics?|snapshots?|versions?|files?)\b[^\n]{0,120}\b(?:gone|lost|deleted|removed|dropped|expired|purged|discarded|skipped|missed|overwritten|vanished|disappeared)\b/i,
    examples: [
      'IllegalStateException: partitions orders-7 and orders-8 vanished',
      '[SOME_DATA_LOSS] of an unknown kind',
    ],
  },
  {
    id: 'unexplained-about-compatibility',
    class: 'checkpoint-incompatible',
    strength: 'suspicion',
    pattern:
      /\b(?:stateful|operators?|sources|schema|version|provider|shuffle partitions)\b[^\n]{0,120}\b(?:checkpoint|state store|existing state|offset log)|\bcheckpoint\b[^\n]{0,120}(?:operators?|schema|version|written (?:by|with)|different)|checkpointed (?:by|with)|state format|restore state|state schema|shuffle partitions/i,
    examples: ['IllegalStateException: other stateful operators than the ones of its checkpoint'],
  },
  {
    id: 'unexplained-about-checkpoint',
    class: 'checkpoint-corrupt',
    strength: 'suspicion',
    pattern:
      /\b(?:checkpoint|offsets?|state store|changelog|RocksDB\w{0,20}|sstable|commit log|sequence number|_delta_log|metadata (?:file|log))\b|\/(?:offsets|commits|state|sources)\/\d/i,
    examples: [
      'RocksDBException: file is too short (12 bytes)',
      'IOException: error reading s3://b/cp/offsets/120: end of file',
    ],
  },
  {
    id: 'engine-contradicts-itself',
    class: 'checkpoint-corrupt',
    strength: 'suspicion',
    frames: true,
    // What the engine asserts of a stream, it asserts of the log and the state that it has just read.
    pattern:
      /(?:IllegalStateException|AssertionError): [^\n]{1,600}\n(?:at scala\.Predef\$?\.assert\(Predef\.scala(?::\d{1,4})?\)\n)?(?:at )?(?:org\.apache\.(?:spark|iceberg|hudi)|io\.delta)\./,
    not: /shut ?down|stopp(?:ed|ing)|closed|completed|SparkContext/i,
    examples: [
      'java.lang.IllegalStateException: Snapshot 12 has no parent\n\tat org.apache.spark.sql.execution.streaming.X.run(X.scala:1)',
      'java.lang.AssertionError: assertion failed\n\tat scala.Predef$.assert(Predef.scala:264)\n\tat org.apache.spark.sql.connector.x.Y.plan(Y.scala:1)',
    ],
  },
  {
    id: 'program-contradicts-itself',
    class: 'user-code-error',
    strength: 'suspicion',
    pattern: /(?:IllegalStateException|AssertionError): \S/,
    not: /shut ?down|stopp(?:ed|ing)|closed|completed|SparkContext/i,
    examples: ['java.lang.IllegalStateException: rates were never set'],
  },
  {
    id: 'argument-refused',
    class: 'user-code-error',
    strength: 'suspicion',
    pattern:
      /\bIllegalArgumentException|PatternSyntaxException|IllegalAccess\w{0,20}|SQLSTATE:? ?\(?0A[0-9A-Z]{3}|\[DELTA_[A-Z_.]{4,80}\]|^(?:[\w.]{1,120}\.)?[A-Z]\w{1,60}Error: /m,
    not: /OSError|IOError|RemoteError|ServerError|ClientError|ServiceError|HTTPError|Py4J(?:Java|Network)Error|InternalError/,
    examples: ['java.lang.IllegalArgumentException: Unknown event kind REFUND'],
  },
  {
    id: 'python-exception',
    class: 'user-code-error',
    strength: 'suspicion',
    // An exception that nobody knows, raised through somebody's own program.
    pattern: /^Traceback \(most recent call last\):\n(?!pyspark|py4j)[\w.]{0,120}[A-Z]\w{2,60}(?::|$)/m,
    examples: ['Traceback (most recent call last):\nacme.client.InvalidPayload: total must be positive'],
  },
  {
    id: 'sounds-passing',
    class: 'transient-io',
    strength: 'suspicion',
    pattern:
      /(?:in progress|being (?:created|updated|deleted)|not (?:yet )?ready|try(?:ing)? again|retry|retries|temporarily|temporary (?:error|failure|condition|problem)|overload(?:ed)?|\bbusy\b|to the leader|no (?:healthy|available) (?:node|server|broker|upstream|replica)|currently(?! (?:un|not )?supported)|rebalanc)/i,
    examples: ['com.acme.store.StoreException: the partition is currently being moved'],
  },
  {
    id: 'sounds-lasting',
    class: 'user-code-error',
    strength: 'suspicion',
    // Words for what is refused, not for what is away: the same program and the same records are refused again.
    pattern:
      /\b\w{1,60}(?:Exception|Error): [^\n]{0,200}(?:\b(?:invalid|illegal|unsupported|unknown|unexpected|unrecognized|incompatible|mismatch|undefined|duplicate|ambiguous|malformed|bad)\b|not (?:currently |yet )?(?:supported|allowed|valid|compatible|defined|permitted|implemented|applicable)|(?:must|may|can) ?not\b|(?:does not|doesn't|do not|don't) support|must (?:be|have)|\b(?:exceeds|overflow)\b|too (?:large|long|small|many|big)|wrong)|\b(?:java\.lang\.)?RuntimeException: (?!org\.apache)[^\n]{0,200}\b(?!org\.|java|scala|software\.amazon|com\.amazon)(?:com|io|net|app|[a-z]{2})\.\w{2,40}\./i,
    // Airflow's own words for any exit.
    not: /Cannot execute: spark-submit/,
    examples: [
      'StreamException: days(at) is not currently supported',
      'io.acme.catalog.CatalogException: table kind VIEW is not supported',
      'java.lang.RuntimeException: bad tenant mapping in com.acme.Tenants.resolve(Tenants.scala:41)',
    ],
  },
];
