import type { FailureRule } from './rule.ts';

/** A second writer on the checkpoint, and records that left the source before they were read. */
export const sourceRules: readonly FailureRule[] = [
  {
    id: 'concurrent-log-update',
    class: 'concurrent-run',
    pattern:
      /CONCURRENT_STREAM_LOG_UPDATE|Race while writing batch|Concurrent update to the (?:commit |offset |sink )?log|Multiple streaming jobs detected/i,
    examples: [
      '[CONCURRENT_STREAM_LOG_UPDATE] Concurrent update to the log. Multiple streaming jobs detected for 7.',
      'assertion failed: Concurrent update to the commit log. Multiple streaming jobs detected for 0',
    ],
  },
  {
    id: 'concurrent-queries-on-path',
    class: 'concurrent-run',
    pattern:
      /streaming queries are concurrently using|multiple instances of the same streaming query|queries (?:are )?using the same checkpoint|ConcurrentTransactionException|DELTA_CONCURRENT_TRANSACTION/i,
    examples: [
      'Multiple streaming queries are concurrently using s3a://bucket/orders/commits.',
      'Did you run multiple instances of the same streaming query at the same time?',
    ],
  },
  {
    id: 'query-already-active',
    class: 'concurrent-run',
    pattern:
      /Detected running streaming query with ID|stopActiveRunOnRestart|another (?:query|instance|run|job|writer)[^\n]{0,80}(?:same id|same checkpoint|already active|concurrent session)|from checkpoint that is (?:still |already )?active/i,
    examples: [
      'Cannot start query with id 1 as another query with same id is already active.',
      'Another instance of this query [id: 1] was just started by a concurrent session',
    ],
  },
  {
    id: 'log-entry-already-written',
    class: 'concurrent-run',
    // Only another writer can have put that batch number there between our look and our write.
    pattern: /\/(?:commits|offsets)\/\d{1,12} already exists/i,
    examples: ['FileAlreadyExistsException: Rename destination s3a://b/r1/commits/22 already exists.'],
  },
  {
    id: 'another-writer',
    class: 'concurrent-run',
    pattern:
      /CONCURRENT_QUERY\b|(?:another|other|second|foreign|different) (?:\w{1,20} )?(?:writer|run|driver|application|process|instance|session)\b[^\n]{0,60}(?:wrote|writing|written|committed|owns|holds|running|started|took over)|(?:committed|written|overwritten|updated|taken over|modified|owned|held) by (?:another|an other|a different|a second) (?:\w{1,20} )?(?:writer|run|driver|application|query|instance|job|session|process)|(?:multiple|two|three|several|many|both) (?:\w{1,20} )?(?:writers|drivers|instances|runs|queries|jobs|applications)\b/i,
    // Tables and catalogs know concurrent writers who are no second run of this job.
    not: /DATA_LOSS|concurrent(?:ly)? (?:update|modif)|multiple (?:\w{1,20} )?queries (?:can|may|are supported)|Hoodie|iceberg|Glue|Please try the operation again/i,
    examples: [
      'the state store file s3://b/cp/state/0/4/212.delta was committed by another run',
      'A second driver is writing to the offset log of this query',
    ],
  },
  {
    id: 'log-entry-precondition-failed',
    class: 'concurrent-run',
    // A conditional write that fails on the next batch number means that somebody else has written it.
    pattern:
      /\/(?:commits|offsets)\/\d{1,12}\b[^\n]{0,200}(?:Precondition ?Failed|Status Code: 412|(?:FileAlready|Path|Object)Exists|overwrite=false)|(?:Precondition ?Failed|Status Code: 412|(?:FileAlready|Path|Object)Exists)[^\n]{0,200}\/(?:commits|offsets)\/\d{1,12}\b|ConditionalCheckFailed[^\n]{0,160}(?:checkpoint|\blease|epoch|\bwriter|\bowner)/i,
    examples: [
      'PreconditionFailedException: s3://b/cp/offsets/12 (Service: Amazon S3; Status Code: 412)',
      'PathExistsException: s3a://b/cp/commits/12',
      'ConditionalCheckFailedException: the owner of the checkpoint is not run 7',
    ],
  },
  {
    id: 'producer-fenced',
    class: 'concurrent-run',
    pattern:
      /ProducerFenced|InvalidProducerEpoch|FencedInstanceId|\bfenced by (?:another|a newer|a different|epoch)\b|newer producer with the same transactional|same server_uuid\/server_id as this (?:slave|replica)|exclusive consumer is already connected|new receiver (?:'[^'\n]{1,120}' )?with higher epoch|SCHEMA_LOCATION_CONFLICT|RESOURCE_LOCKED/i,
    examples: [
      "New receiver with higher epoch of '3' is created",
      'org.apache.kafka.common.errors.ProducerFencedException: There is a newer producer',
      'this member was fenced by another with its instance id',
      'PulsarClientException$ConsumerBusyException: Exclusive consumer is already connected',
    ],
  },
  {
    id: 'data-may-be-lost',
    class: 'source-data-lost',
    pattern:
      /KAFKA_DATA_LOSS|(?:data|records|events|messages) (?:may|might|could) (?:have been|be) (?:lost|skipped)|(?:records|messages|events|data) (?:were|was|have been|has been|are) lost\b|data loss (?:is|was|has|may|might|detected|possible|occurred)|(?:detected|possible|potential|caused?|avoid) data loss|\b(?:lost|missed|skipped) \d{1,15} (?:records|messages|events)/i,
    not: /\b(?:no|zero|0|without|not|never) (?:any )?(?:data|records|messages|events)? ?(?:was|were|have been|has been|is|are)? ?(?:lost|loss|missed)|\b(?:no|without|zero) (?:possible |potential )?data loss/i,
    examples: [
      'Some data may have been lost because they are not available in Kafka any more',
      '[KAFKA_DATA_LOSS.START_OFFSET_RESET] Partition events-0 offset was changed',
    ],
  },
  {
    id: 'offset-moved-back',
    class: 'source-data-lost',
    pattern:
      /offset was changed from|offsets? (?:of|for) [^\n]{0,120}(?:some data may have been missed)|\bare gone\b[^\n]{0,160}(?:missed|deleted)|Cannot find earliest offsets|(?:begin(?:ning)?|start(?:ing)?|from) ?offsets? [^\n]{1,60}(?:is |are )?(?:after|greater than|larger than|beyond) (?:the |its )?(?:end(?:ing)?|until|latest) ?offset|but the (?:returned|first|next) record(?:'s)? offset (?:was|is) \d|request ?seqNo \d{1,20} (?:is less than|does not match) the received seq|start message id beyond|sequence number \S{1,40} is invalid\. The last sequence number/i,
    examples: [
      "The supplied sequence number '9' is invalid. The last sequence number in the system is '7'",
      "Partition events-3's offset was changed from 900 to 12, some data may have been missed.",
      'Set(events-1) are gone. Kafka topics may have been deleted, some data may have been missed.',
      'Starting offset 90 of events-1 is after the latest offset 12',
      'Asked for offset 12 of events-1, but the first record offset was 90',
    ],
  },
  {
    id: 'offset-out-of-range',
    class: 'source-data-lost',
    pattern:
      /OffsetOutOfRange|Offsets not available on leader|OFFSET_OUT_OF_RANGE|LogTruncationException|offsets? out of range|(?:position|offset) [^\n]{0,240}is out of range/i,
    examples: [
      'OffsetOutOfRangeException: Offsets out of range with no configured reset policy for partitions: {a-0=1}',
      'Fetch position FetchPosition{offset=187} is out of range for partition t-0, resetting offset',
    ],
  },
  {
    id: 'shard-gone',
    class: 'source-data-lost',
    pattern:
      /\bshards? (?:id )?['"]?[\w${}-]{1,90}['"]? (?:in|of|from|under|does|doesn|no|has|is|was|tracked|that|recorded|which)\b[^\n]{0,200}(?:not exist|n't exist|not found|no longer|been deleted|gone|expired)|shard has been deleted before|Could not find shard/i,
    not: /Shard iterator|ExpiredIterator/i,
    examples: [
      'ResourceNotFoundException: Shard shardId-000000000000 in stream orders under account 1 does not exist',
      'The shard has been deleted before we have processed all records in it',
    ],
  },
  {
    id: 'sequence-number-of-another-stream',
    class: 'source-data-lost',
    // The stream was deleted and made again under its old name: what it held is gone.
    pattern:
      /did not come from this stream|TrimmedDataAccess|(?:older|earlier|before|behind|below|past)[^\n]{0,40} trim horizon|(?:topic|stream)\b[^\n]{0,60}\b(?:re-?created|truncated)\b/i,
    examples: [
      'StartingSequenceNumber 495 used in GetShardIterator is invalid because it did not come from this stream.',
    ],
  },
  {
    id: 'records-past-retention',
    class: 'source-data-lost',
    pattern:
      /(?:offsets?|records|data|messages|version)\b[^\n]{0,100}(?:aged out|no longer (?:available|retained|exists?)\b|(?:past|older than|beyond|out of|outside|exceed(?:s|ed)?) (?:the |its )?(?:\w{1,20} )?retention)|(?:offset|position|sequence number|version|instant|snapshot|LSN)\b[^\n]{0,80}(?:smaller|less|lower|earlier|older|before|behind|below)[^\n]{0,40}(?:earliest|beginning|log start|oldest|first (?:active|available|retained))\b(?! (?:supported|compatible))|\b(?:trimmed|purged) from (?:the )?(?:topic|stream|log|shard|queue)\b|earliest (?:available )?(?:offset|sequence|position|version)[^\n]{0,80}(?:greater|later|newer|higher|is after|beyond|moved)/i,
    examples: [
      'the records at offset 12 are no longer available in the topic',
      'ledger 7 was trimmed from the topic before its cursor came there',
      'the start version 4 is older than the earliest one of the shared table',
    ],
  },
  {
    id: 'source-snapshot-expired',
    class: 'source-data-lost',
    pattern:
      /snapshots? [^\n]{0,60}(?:was|were|has|have|has been|have been|is|are) (?:already )?(?:expired|removed|not an ancestor)|"snapshot" is null|Cannot find (?:(?:starting |start |parent |the )?(?:oldest )?snapshot)|earliest (?:available )?version[^\n]{0,40}_delta_log|DELTA_STREAMING_\w{0,40}MISSING|missing from the transaction log|IncrementalPathNotFound|likely your query is lagging behind|change data was not recorded for version|DELTA_MISSING_CHANGE_DATA|transaction log has been truncated|DELTA_FILE_NOT_FOUND\w{0,10}|Failed to find expected snapshot|is not (?:a|an) (?:parent )?ancestor of|DELTA_(?:VERSIONS_NOT_CONTIGUOUS|CHANGE_DATA_FILE_NOT_FOUND|TRUNCATED_TRANSACTION_LOG|LOG_FILE_NOT_FOUND)/i,
    examples: [
      '[DELTA_FILE_NOT_FOUND_DETAILED] part-1 of the log is not there',
      'Failed to find expected snapshot 12',
      'Unable to reconstruct state at version 1 as the transaction log has been truncated',
      'Cannot load current offset at snapshot 12, the snapshot was expired or removed',
      'NullPointerException: Cannot invoke "org.apache.iceberg.Snapshot.parentId()" because "snapshot" is null',
    ],
  },
  {
    id: 'source-log-cleaned',
    class: 'source-data-lost',
    // A kind of error only: a table that cleans its own log up says the same, at INFO.
    strength: 'type',
    pattern:
      /(?:log|change data|change log|source|cdc|commit)s? (?:files? )?(?:(?:in|of|at|from) [^\n]{1,80} )?(?:may )?(?:were|was|have been|has been) (?:cleaned(?: up)?|vacuumed|deleted|archived|purged)|(?:instant|commit time|begin ?instant)[^\n]{0,80}\barchived\b/i,
    examples: ['The commits in (t1, t2] were archived before this reader came to them'],
  },
  {
    id: 'change-log-gone',
    class: 'source-data-lost',
    // A change stream that has to go on from a place its database has since thrown away.
    pattern:
      /ChangeStreamHistoryLost|no longer available on the server|do(?:es)? not contain the offset scn|can no longer get changes from replication slot|change stream starting at [^\n]{0,900}no longer available|ChangeStreamFatal|\breplication slot\b[^\n]{0,60}(?:was|is|been) lost\b|\b(?:bin(?:ary )?logs?|oplog|change ?streams?|redo logs?|archive logs?|replication slot|WAL segment|resume ?(?:token|point))\b[^\n]{0,240}(?:no longer|not possible|purged|has been (?:removed|dropped|invalidated)|already been removed|(?:was |be |is )?not (?:be )?found)/i,
    examples: [
      'but this is no longer available on the server',
      'ReplicationException: the binlog file of position 4 is no longer on the server',
      'requested WAL segment 0007 has already been removed',
      'ConnectException: the resume token of this stream is not found',
    ],
  },
];
