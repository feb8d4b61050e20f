import type { FailureRule } from './rule.ts';

/**
 * Families: what the name of an exception, its SQLSTATE or the code that threw it says of an error that no other rule
 * knows. A wrong stop costs a person's look, a wrong restart can cost data, so doubt is answered with a stop.
 */
export const familyRules: readonly FailureRule[] = [
  {
    id: 'writer-suspected',
    class: 'concurrent-run',
    strength: 'hint',
    pattern:
      /\ba twin\b|\b(?:is |are )?(?:already|still) (?:being )?(?:processed|consumed|read|written|served|owned|held|claimed|taken|locked) by\b|another (?:\w{1,20} )?(?:instance|process|holder|owner|node|host|pod|session|application|worker|consumer)\b[^\n]{0,80}\b(?:has|holds|owns|took|is|was|wrote)\b|somebody else|someone else|\bfencing token|\btwo of us\b|\bthat is not (?:me|us|this run)\b|\balready connected from\b|\bis active for PID \d|\b(?:held|claimed|owned|taken|locked) by (?:another|other)\b|\b(?:epoch|generation|term|lease|pipeline|ownership)\b[^\n]{0,80}\b(?:claimed|taken over|owned) by\b|(?:concurrent|simultaneous|second|duplicate|competing|other)(?:ly)? (?:\w{1,20} )?(?:writer|run|driver|quer(?:y|ies))\b/i,
    not: /\b(?:no|not|never|without)\b|Kafka|rebalanc|coordinator|CommitFailed/i,
    examples: [
      'IllegalStateException: competing writer on this location',
      "RuntimeError: 'ledger' is already being processed by backend 40112",
    ],
  },
  {
    id: 'loss-suspected',
    class: 'source-data-lost',
    strength: 'hint',
    pattern:
      /(?:deleted|removed|expired|purged|vacuumed|overwritten|trimmed|cleaned(?: up)?|archived|evicted|wiped|truncated)\b[^\n]{0,60} before (?:(?:it|they|all|being|we|the)\b|[^\n]{1,40}\b(?:read|consumed|processed|fetched)\b)|\b(?:sequence|offset)s? (?:numbers? )?(?:jump|skip|leap)(?:s|ed)?\b|\d (?:records?|events?|messages?|rows?|offsets?) (?:\w{1,12} )?(?:unaccounted|missing|absent)\b|can(?: no longer|not any more|not) be (?:served|replayed|delivered|re-?read)\b|\bpredates?\b[^\n]{0,80}(?:window|horizon|earliest|oldest|retention|history)|(?:everything|all) (?:before|older|earlier)[^\n]{0,60}(?:discarded|deleted|dropped|purged|gone)|(?:lifecycle|retention) rule\b[^\n]{0,60}(?:took|deleted|removed|expired)|data loss|lost data|(?:gap|hole)s? in (?:the )?(?:offsets|sequence|log|versions|data)|expected (?:seq|offset|position)\w{0,10} [^\n]{1,40}\b(?:got|found|was)\b/i,
    not: /\b(?:no|without|not|never|0|avoid|prevent)\b[^\n]{0,20}(?:data loss|lost data|gap)/i,
    examples: [
      'Rows of batch 7 were purged before they were read.',
      'IllegalStateException: gap in the sequence 4 to 9',
      'FeedError: expected sequence 4, found 9',
      'SourceError: offsets jumped from 12 to 40, 27 rows are unaccounted for',
    ],
  },
  {
    id: 'misfit-suspected',
    class: 'checkpoint-incompatible',
    strength: 'hint',
    pattern:
      /\b(?:was|were|been|is|are) (?:saved|written|stored|persisted|kept|pickled|serialized|recorded|checkpointed) (?:by|with|in|under|for|as) [^\n]{0,60}(?:\b(?:version|release|layout|schema|format|build)\b|\bv\d|\d[\w-]{0,12} (?:\w{1,12} )?(?:buckets|partitions|shards|slots))/i,
    not: /parquet|orc\b|avro|protobuf|schema registry|data source|(?:delta|iceberg|hudi|glue|hive|target|sink) table|table (?:version|format)/i,
    examples: [
      'ValueError: the bookmark lacks a tenant (it was saved by job version 1.8)',
      'BucketMismatch: totals were kept in 64 hash buckets, now there are 96',
    ],
  },
  {
    id: 'checkpoint-reader-failed',
    class: 'checkpoint-corrupt',
    strength: 'hint',
    frames: true,
    // Whatever it stumbled over, it was reading the checkpoint: only a cause that passes would make a restart right.
    pattern:
      /HDFSMetadataLog\.(?:get|deserialize|getLatest|verify)|(?:OffsetSeqLog|CommitLog|StreamMetadata\$?|OffsetSeq\$)\.(?:deserialize|read|apply|get)|StateStoreProvider\.(?:readSnapshot|updateFromDelta|loadMap|load)|\$\$(?:anonfun\$)?(?:readSnapshotFile|updateFromDeltaFile|loadMap)\b|RocksDBFileManager\.(?:load|unzip|copy)|\.deserializeOffset\(|RocksDB\.(?:load|open)|StateStoreChangelogReader|CompactibleFileStreamLog\./,
    examples: [
      'net.jpountz.lz4.LZ4Exception: Stream is damaged\n\tat org.apache.spark.sql.execution.streaming.state.HDFSBackedStateStoreProvider.updateFromDeltaFile(HDFSBackedStateStoreProvider.scala:520)',
    ],
  },
  {
    id: 'damage-suspected',
    class: 'checkpoint-corrupt',
    strength: 'hint',
    pattern:
      /(?:gap|hole)s? in (?:the )?(?:commits|batches|checkpoint)\b|tampered with|header promises|\b(?:crc|checksum|digest|hash) of\b[^\n]{0,120}\b(?:says|wants|expects?|promises|is)\b|half[- ](?:restored|written)|\b(?:bookmark|cursor|position|progress|watermark|savepoint|snapshot)[\w.]{0,20}\b[^\n]{0,60}\b(?:is|was|has) (?:0 bytes|empty|truncated|torn|unreadable|damaged|corrupt)|(?:checkpoint|offset|commit|state|metadata)\b[^\n]{0,160}(?:corrupt|truncat|damaged|malformed|missing|deleted|unreadable|unable to (?:read|parse|load)|not found|does not exist|doesn't exist|mismatch|inconsistent|invalid)|(?:corrupt|truncat|damaged|malformed|missing|unreadable|unable to (?:read|parse|load)|(?:cannot|could not|unable to|failed to) (?:read|parse|load|find|restore|open|fetch))[^\n]{0,160}(?:\b(?:checkpoint|offsets?|commits?|state store|snapshot|changelog|metadata)\b|\/(?:state|offsets|commits)\b)/i,
    not: /\b(?:no|not|never|without|0) (?:\w{1,12} )?(?:corrupt|damag|truncat|missing)|hive|metastore|MetaException|table metadata|schema registry|Kafka metadata|topic metadata|update metadata/i,
    examples: [
      'IllegalStateException: cannot find the commits of batch 12',
      'offset 17 of the log is damaged',
      'StoreException: hole in the batches 3 to 5',
    ],
  },
  {
    id: 'data-exception',
    class: 'bad-data',
    strength: 'type',
    pattern: /SQLSTATE:? ?\(?2[23][0-9A-Z]{3}|(?:Fail|Failed|Unable) to parse '|PARSE_DATETIME_BY_NEW_PARSER/,
    examples: [
      '[SOME_NEW_CODE] A value is not what it should be. SQLSTATE: 22003',
      "SparkUpgradeException: Fail to parse 'x'",
    ],
  },
  {
    id: 'broken-record',
    class: 'bad-data',
    strength: 'hint',
    pattern:
      /(?:Pars(?:e|ing)|Decod(?:e|ing)|Deserializ(?:ation|er)|Malformed(?:Input|Record|Data)?|Serialization|Conversion|Coercion|DataFormat)(?:Exception|Error)\b|Corrupt\w{0,30}(?:Exception|Error)\b|\bmagic (?:bytes?|numbers?)\b/,
    not: /PatternSyntax|ArgParse|Kryo|RocksDB|\.sst\b/,
    examples: [
      'com.acme.wire.FrameDecodingException: frame 7',
      'com.acme.CorruptBlockException: block 7 of a data file has other magic bytes',
    ],
  },
  {
    id: 'not-allowed',
    class: 'permission-denied',
    strength: 'hint',
    pattern:
      /(?:Authori[sz]ation|Authentication|Unauthori[sz]ed|Forbidden|Permission|Security|AccessControl|Credentials?)\w{0,20}(?:Exception|Error)\b|SQLSTATE:? ?\(?28[0-9A-Z]{3}/,
    examples: ['org.apache.pulsar.PulsarClientException$ForbiddenException: refused'],
  },
  {
    id: 'something-missing',
    class: 'config-invalid',
    strength: 'hint',
    pattern:
      /(?:NotFound|DoesNotExist|NotExists?)(?:Exception|Error)\b|(?:NoSuch|Missing|Undefined)\w{0,40}(?:Exception|Error)\b|No such file or directory/,
    not: /NoSuchElement|BlockNotFound/,
    examples: [
      'org.apache.pulsar.NamespaceNotFoundException: public/x',
      'OSError: No such file or directory: x',
    ],
  },
  {
    id: 'setting-suspected',
    class: 'config-invalid',
    strength: 'hint',
    pattern:
      /(?:Config|Configuration|Options?|Settings?|Properties)(?:Exception|Error)\b|(?:option|value|setting|parameter|property|argument|mode)\b[^\n]{0,80}(?:is|are) (?:not (?:a )?(?:valid|supported|allowed|recognized)|invalid|unsupported|illegal)|Cannot load main class|kryoserializer\.buffer|Failed to (?:create new|construct) kafka ?(?:admin ?client|consumer|producer)/i,
    examples: [
      'Option startingposition value NOW is not valid for this source',
      'SparkException: Cannot load main class from JAR s3://b/app.jar',
    ],
  },
  {
    id: 'asked-for-fewer',
    class: 'throttled',
    strength: 'hint',
    pattern: /(?:Quota|Throttl\w{1,5}|RateLimit\w{0,8}|TooMany)\w{0,30}(?:Exception|Error)\b/,
    examples: ['com.acme.RateLimitedException: wait'],
  },
  {
    id: 'not-reached',
    class: 'transient-io',
    strength: 'hint',
    pattern:
      /(?:Connect|Connection|Network|AWSClientIO|Operational|SQL(?:Recoverable|Transient)|(?:NoNodes?|AllNodes|NoHosts?)\w{0,20}|Unavailable|Unreachable|NotLeader|Disconnect\w{0,4}|Retriable|Retryable|Transport|Socket|RuntimeIO|UncheckedIO)\w{0,20}(?:Exception|Error)\b|Connection error|Failed to connect to|\b[Tt]ime(?:d )?-?out waiting\b|SQLSTATE:? ?\(?08[0-9A-Z]{3}/,
    // Often the trace of a driver that died of something else.
    not: /Connection refused/,
    examples: [
      'org.elasticsearch.NoNodesLeftException: all nodes failed',
      'com.acme.driver.NoHostLeftException: 3 were asked',
      'Failed to connect to the server',
      'org.apache.hadoop.fs.s3a.AWSClientIOException: PUT 0-byte object on x: SdkClientExcep',
    ],
  },
];
