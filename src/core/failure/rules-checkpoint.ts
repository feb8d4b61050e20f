import type { FailureRule } from './rule.ts';

/** Checkpoints that do not fit the program, and checkpoints that are damaged. */
export const checkpointRules: readonly FailureRule[] = [
  {
    id: 'state-schema-changed',
    class: 'checkpoint-incompatible',
    pattern:
      /STATE_STORE_\w{0,40}_NOT_COMPATIBLE|State(?:Store(?:Key|Value))?SchemaNotCompatible|provided (?:key |value )?schema (?:does not|doesn't) match|STATE_STORE_VALUE_SCHEMA_EVOLUTION/i,
    examples: [
      '[STATE_STORE_KEY_SCHEMA_NOT_COMPATIBLE] Provided key schema does not match existing state key schema.',
      "Provided schema doesn't match to the schema for existing state!",
    ],
  },
  {
    id: 'state-row-format',
    class: 'checkpoint-incompatible',
    pattern: /state format invalidation|InvalidUnsafeRowException|STATE_STORE_\w{0,20}ROW_FORMAT_VALIDATION/i,
    examples: ['InvalidUnsafeRowException: The streaming query failed by state format invalidation.'],
  },
  {
    id: 'source-count-changed',
    class: 'checkpoint-incompatible',
    pattern:
      /sources? in the checkpoint offsets|streaming sources? (?:were )?added or removed|previous run contained \d{1,9} partitions|DIFFERENT_DELTA_TABLE_READ|reading from an unexpected Delta table/i,
    examples: [
      'There are [1] sources in the checkpoint offsets and now there are [3] sources requested by the query.',
    ],
  },
  {
    id: 'stateful-operator-changed',
    class: 'checkpoint-incompatible',
    pattern:
      /operator name does not match|STATEFUL_OPERATOR_NOT_MATCH|StateMigrationException|new job is not compatible with|internal topic [^\n]{1,200} has invalid partitions|stateful operators?[^\n]{0,80}(?:have|has|was|were) (?:been )?changed/i,
    examples: [
      'StateMigrationException: another serializer',
      'The new job is not compatible with the old one',
      'the internal topic orders-changelog has invalid partitions: expected: 2; actual: 6',
      'Streaming stateful operator name does not match with the operator in state metadata.',
    ],
  },
  {
    id: 'state-store-refuses',
    class: 'checkpoint-incompatible',
    // Every other code of this family means that the program asks the state for what it does not hold.
    pattern:
      /\bSTATE_STORE_(?!CHECKPOINT_LOCATION|COMMIT|UPDATING|OPERATION|STATE_SCHEMA_FILES|HANDLE|UNEXPECTED)\w{4,60}|STREAMING_STATEFUL_OPERATOR_(?!MISSING)\w{4,60}|STREAMING_QUERY_EVOLUTION_ERROR\.(?!DUPLICATE|INVALID)\w{4,60}|STATEFUL_PROCESSOR_\w{0,60}(?:MISMATCH|INCOMPATIBLE|CHANGE)\w{0,20}/,
    examples: [
      '[STATE_STORE_UNSUPPORTED_OPERATION_ON_MISSING_COLUMN_FAMILY] State store operation=get not supported',
      '[STREAMING_QUERY_EVOLUTION_ERROR.SINK_PROVIDER_MISMATCH] sink out was parquet and is kafka',
      '[STATE_STORE_PROVIDER_MISMATCH] existing HDFSBackedStateStoreProvider, new RocksDBStateStoreProvider',
    ],
  },
  {
    id: 'log-version',
    class: 'checkpoint-incompatible',
    pattern:
      /UnsupportedLogVersion|INVALID_LOG_VERSION|supported log version|log file was produced by a newer version|INVALID_FORMAT_FROM_SOURCE_VERSION|Expected version should be smaller than or equal to \d|checkpoint metadata\. Expected v\d{1,3}, but found v\d|INVALID_CHANGE_LOG_READER_VERSION|from a future (?:\w{1,20} )?version|Unsupported offset sequence version|Only StateStoreMetadataV\d|checkpoint was (?:created|written) with (?:a|an) (?:different|newer|older)/i,
    examples: [
      'UnsupportedLogVersion: maximum supported log version is v1, but encountered v2.',
      'Unsupported format. Expected version should be smaller than or equal to 1 but was 3.',
    ],
  },
  {
    id: 'offset-fields-changed',
    class: 'checkpoint-incompatible',
    // A connector upgrade that expects other fields in the offsets it once wrote.
    pattern: /key not found: (?:\{"ehName|isLast|subSequenceNumber|iteratorType|iteratorPosition|shardId)/i,
    examples: [
      'key not found: {"ehName":"orders","partitionId":1}',
      'java.util.NoSuchElementException: key not found: subSequenceNumber',
    ],
  },
  {
    id: 'offset-of-another-source',
    class: 'checkpoint-incompatible',
    frames: true,
    pattern:
      /(?:NumberFormatException|MappingException|ClassCastException|MatchError)\b[\s\S]{0,1500}(?:HDFSMetadataLog\.|SerializedOffset|OffsetSeq(?:Log|Base|\$|\.)|\bLongOffset|MetadataCommitter)|Invalid conversion from offset of class|Expected e\.g\. \{"topicA"[^\n]{0,200} got (?:-?\d|\{"(?:logOffset|metadata|shardId))/,
    examples: [
      'java.lang.NumberFormatException: For input string: "{"logOffset":3}"\n\tat org.apache.spark.sql.execution.streaming.LongOffset$.apply(LongOffset.scala:37)',
    ],
  },
  {
    id: 'state-class-changed',
    class: 'checkpoint-incompatible',
    frames: true,
    // State keeps objects of the program's own classes; frames tell it from a jar that one side lacks.
    pattern:
      /(?:Unable to find class: |InvalidClassException|local class incompatible|unregistered class ID|AvroTypeException)[\s\S]{0,1500}\bat org\.apache\.spark\.sql\.execution\.streaming\.(?:state|operators\.stateful|FlatMapGroupsWithState|TransformWithState)/i,
    examples: [
      'KryoException: Unable to find class: com.acme.Visit\n\tat org.apache.spark.sql.execution.streaming.FlatMapGroupsWithStateExecHelper.read(X.scala:1)',
    ],
  },
  {
    id: 'schema-mismatch-on-restart',
    class: 'checkpoint-incompatible',
    action: 'stop-and-page',
    pattern: /DELTA_STREAMING_SCHEMA_MISMATCH_ON_RESTART/,
    examples: ['[DELTA_STREAMING_SCHEMA_MISMATCH_ON_RESTART] Detected schema mismatch'],
  },
  {
    id: 'source-schema-incompatible',
    class: 'checkpoint-incompatible',
    pattern:
      /DELTA_STREAMING_INCOMPATIBLE_SCHEMA_CHANGE|CANNOT_CONTINUE_PROCESSING_POST_SCHEMA|DELTA_STREAMING_SCHEMA_LOG_\w{0,20}INCOMPATIBLE/,
    examples: ['[DELTA_STREAMING_INCOMPATIBLE_SCHEMA_CHANGE] Streaming read is not supported'],
  },
  {
    id: 'does-not-fit-checkpoint',
    class: 'checkpoint-incompatible',
    strength: 'type',
    pattern:
      /state format version \d|(?:incompatible|not compatible|does not match|doesn't match)[^\n]{0,60}(?<![/\w-])(?:checkpoint|offset log|state store|existing state)(?![/\w-])|(?<![/\w-])(?:checkpoint|offset log|state store|existing state)(?![/\w-])[^\n]{0,80}(?:incompatible|not compatible|does not match|doesn't match)/i,
    examples: [
      'The query is incompatible with the checkpoint it was started from',
      'AnalysisException: the join was begun with state format version 1',
    ],
  },
  {
    id: 'connector-metadata-missing',
    class: 'checkpoint-corrupt',
    pattern:
      /shard-(?:commit|source)\/\d{1,12}\b[^\n]{0,120}(?:(?:does not|doesn't) exist|not found|No such)|(?:FileNotFound|No such file|NoSuchKey)[^\n]{0,200}\/shard-(?:commit|source)\/|Failed to get metadata for |batch(?:Id)?[ =:]{1,2}\d{1,12} (?:does not|doesn't) exist|prevBatchId <= currBatchId/i,
    examples: [
      '/checkpoint/round/sources/0/shard-commit/1 does not exist',
      "java.lang.IllegalStateException: batch 11 doesn't exist",
    ],
  },
  {
    id: 'log-gap',
    class: 'checkpoint-corrupt',
    pattern:
      /batches [^\n]{1,120}(?:do not|don't|does not|doesn't) exist|\b\d{1,12}(?:\.compact)? (?:does not|doesn't) exist (?:when|while) compacting|\/_?(?:offsets|commits|sources\/\d{1,4})\/\d{1,12}(?:\.compact)?\b[^\n]{0,80}(?:does not exist|doesn't exist|No such file|is empty)|(?:FileNotFound|NoSuchKey|No such file)[^\n]{0,200}\/_?(?:offsets|commits|sources\/\d{1,4})\/\d{1,12}\b/i,
    examples: [
      'FileNotFoundException: No such file or directory: s3://b/cp/_commits/5',
      "s3://b/cp/sources/0/9.compact doesn't exist (latestId: 12, compactInterval: 10)",
      'FileNotFoundException: No such file or directory: s3a://b/cp/offsets/12',
    ],
  },
  {
    id: 'log-malformed',
    class: 'checkpoint-corrupt',
    upgrade: true,
    pattern:
      /Incomplete log file|log file (?:was|is) (?:malformed|corrupt|truncated|empty)|\/metadata (?:is|was) (?:blank|empty)|corrupt(?:ed)? progress tracking|offset log for batch \d{1,12} (?:doesn't|does not|is)|Checksum error: (?![^\n]{1,300}\.(?:parquet|orc|avro)\b)|CHECKSUM_VERIFICATION_FAILED/i,
    examples: [
      'Incomplete log file in the offset commit log',
      'the query id in s3://b/cp/metadata is empty',
      'Log file was malformed: failed to read correct log version',
    ],
  },
  {
    id: 'log-unparsable',
    class: 'checkpoint-corrupt',
    frames: true,
    // A reader of the checkpoint, in the frames, tells such a parser's or pipe's end from one in somebody's data.
    pattern:
      /(?:JsonEOFException|JsonParseException|MismatchedInputException|EOFException)\b[\s\S]{0,3000}(?:StreamMetadata\$|OffsetSeq(?:Log|Metadata|\$|\.)|CommitMetadata|CommitLog\.|HDFSMetadataLog\.|CompactibleFileStreamLog|StateStoreProvider\.(?:read|update|load)|\$\$(?:anonfun\$)?(?:readSnapshotFile|updateFromDeltaFile|loadMap)\b|StateStoreChangelogReader|RocksDBFileManager|RocksDBCheckpointMetadata)|(?:StreamCorrupted|ZipException|ChecksumException|JsonMappingException|Kryo)(?!Serial)\w{0,20}\b[\s\S]{0,900}(?:streaming\.(?:state|checkpointing|runtime)\.|HDFSMetadataLog|OffsetSeq|CommitLog\.|StateStoreProvider)|(?:NullPointer|IllegalArgument|NoSuchElement|IndexOutOfBounds)Exception\b[\s\S]{0,900}(?:OffsetSeqLog|CommitLog|StreamMetadata\$?|OffsetSeq\$)\.(?:deserialize|read|apply|get)\b/,
    not: /Wrong FS/,
    examples: [
      'java.io.EOFException\n\tat org.apache.spark.sql.execution.streaming.state.X.org$apache$spark$X$$readSnapshotFile(X.scala:436)',
      'com.fasterxml.jackson.core.io.JsonEOFException: Unexpected end-of-input\n\tat org.apache.spark.sql.execution.streaming.StreamMetadata$.read(StreamMetadata.scala:59)',
    ],
  },
  {
    id: 'state-file-missing',
    class: 'checkpoint-corrupt',
    pattern:
      /(?:FileNotFound|No such file|NoSuchKey|does not exist)[^\n]{0,240}\/state\/\d{1,6}\/\d{1,6}\/|\/state\/\d{1,6}\/\d{1,6}\/[^\n]{0,160}(?:does not exist|doesn't exist|No such file|not found)|MISSING_STATE_DIRECTORY|\b\d{1,9}\.(?:delta|snapshot|changelog) (?:does not|doesn't) exist|Can't access \/\d{1,9}\.sst|\.sst\b[^\n]{0,120}No such file|No such file[^\n]{0,160}\.sst\b/i,
    examples: [
      'FileNotFoundException: 1.delta does not exist',
      'FileNotFoundException: No such file or directory: s3a://checkpoint/state/0/7/1.delta',
      'File s3://b/cp/state/0/0/12.zip does not exist',
    ],
  },
  {
    id: 'state-file-inconsistent',
    class: 'checkpoint-corrupt',
    pattern:
      /Mismatch in unique ID|Corruption: |block checksum mismatch|table magic number|Sst file size mismatch|MANIFEST-\d{1,9} may be corrupt|CANNOT_LOAD_STATE_STORE\.(?!UNCATEGORIZED|\w{0,40}OUT_OF_MEMORY)[A-Z]|MALFORMED_STATE_IN|STDS_FAILED_TO_READ|STATE_STORE_UNEXPECTED|DELTA_STREAMING_SCHEMA_LOG_(?:PARSE|DESERIALIZE)|STATE_STORE_CHECKPOINT_LOCATION_NOT_EMPTY|STATE_STORE_STATE_SCHEMA_FILES\w{0,40}|CHECKPOINT_(?!RDD)\w{0,40}(?:CHECKSUM|CORRUPT|MISSING|INVALID)\w{0,40}/,
    examples: [
      'Mismatch in unique ID on table file 24220. Expected: {1,2} Actual: {3,4}',
      'RocksDBException: table magic number 0 in 000007.sst',
      'CANNOT_LOAD_STATE_STORE.CANNOT_READ_STREAMING_STATE_FILE',
      '[STDS_FAILED_TO_READ_OPERATOR_METADATA] of batch 3',
    ],
  },
  {
    id: 'state-not-loaded',
    class: 'checkpoint-corrupt',
    umbrella: true,
    pattern:
      /Error (?:reading|loading) (?:delta|snapshot|changelog|state|streaming state|stream metadata)\b|CANNOT_LOAD_STATE_STORE|error occurred during loading state/i,
    examples: [
      'Error reading stream metadata from s3://b/cp/metadata',
      'Error reading delta file s3://b/cp/state/0/0/5.delta of HDFSStateStoreProvider',
      '[CANNOT_LOAD_STATE_STORE.UNCATEGORIZED] An error occurred during loading state.',
    ],
  },
  {
    id: 'log-unreadable',
    class: 'checkpoint-corrupt',
    umbrella: true,
    pattern: /Failed to read log file|Unable to fetch committed metadata/i,
    examples: [
      'Unable to fetch committed metadata from previous batch id 10. Some data may have been missed',
    ],
  },
  {
    id: 'connector-metadata-unreadable',
    class: 'checkpoint-corrupt',
    // Seen to pass when the store answers again: worth one restart, then a person.
    action: 'restart-with-backoff',
    umbrella: true,
    pattern: /Gave up after \d{1,6} retries while (?:fetching|getting|reading) metadata/i,
    not: /FileNotFound|No such file|NoSuchKey|(?:not|n't) exist|malformed|corrupt|EOF/i,
    examples: ['Gave up after 3 retries while fetching MetaData, last exception:'],
  },
  {
    id: 'connector-metadata-broken',
    class: 'checkpoint-corrupt',
    umbrella: true,
    pattern: /Gave up after \d{1,6} retries while (?:fetching|getting|reading) metadata/i,
    examples: [
      'Gave up after 3 retries while fetching MetaData, last exception: FileNotFoundException: shard-commit/4',
    ],
  },
  {
    id: 'local-state-copy-broken',
    class: 'checkpoint-corrupt',
    // The worker's own copy is incomplete; a new worker downloads it again. Once.
    action: 'restart',
    umbrella: true,
    pattern: /Error while creating rocksdb instance/i,
    examples: [
      'Error while creating rocksDb instance While opening a file for sequentially reading: /logs/state/CURRENT',
    ],
  },
  {
    id: 'damaged-checkpoint',
    class: 'checkpoint-corrupt',
    strength: 'type',
    pattern:
      /(?:corrupt|corrupted|malformed|truncated|damaged|incomplete|unreadable|unparse?able|checksum)[^\n]{0,60}(?<![/\w-])(?:checkpoint|offsets? (?:log|file)|commit (?:log|file)|metadata log|state store|state file|delta file|changelog file|snapshot file)(?![/\w-])|(?<![/\w-])(?:checkpoint|offsets? (?:log|file)|commit (?:log|file)|metadata log|state store|state file|delta file|changelog file|snapshot file)(?![/\w-])[^\n]{0,80}(?:corrupt|malformed|truncated|damaged|inconsistent|missing|unreadable|incomplete|is empty|zero bytes|0 bytes|checksum mismatch|cannot be (?:read|restored|parsed|deserialized))|(?:corrupt|truncated|malformed|(?:zero|(?<!PUT )0)-byte)[^\n]{0,120}\/(?:offsets|commits|state|sources)\/\d{1,12}\b|\/(?:offsets|commits|state|sources)\/\d{1,12}\b[^\n]{0,120}(?:corrupt|truncated|malformed|is empty|unexpected end|checksum mismatch)/i,
    not: /\b(?:no|not|nothing|without) (?:\w{1,12} )?(?:corrupt|missing|truncated|damaged)|missing column/i,
    examples: ['The state store of operator 0 is corrupted', 'truncated checkpoint found'],
  },
];
