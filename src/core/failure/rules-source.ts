import type { FailureRule } from './rule.ts';

/** A second writer on the checkpoint, and records that left the source before they were read. */
export const sourceRules: readonly FailureRule[] = [
  {
    id: 'concurrent-log-update',
    class: 'concurrent-run',
    pattern:
      /CONCURRENT_STREAM_LOG_UPDATE|Concurrent update to the (?:commit |offset |sink )?log|Multiple streaming jobs detected/i,
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
      /another (?:query|instance|run|job|writer)[^\n]{0,80}(?:same id|same checkpoint|already active|concurrent session)|from checkpoint that is (?:still |already )?active/i,
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
    id: 'producer-fenced',
    class: 'concurrent-run',
    pattern: /ProducerFencedException|newer producer with the same transactional/i,
    examples: ['org.apache.kafka.common.errors.ProducerFencedException: There is a newer producer'],
  },
  {
    id: 'data-may-be-lost',
    class: 'source-data-lost',
    pattern:
      /KAFKA_DATA_LOSS|data may (?:have been|be) lost|(?:records|messages|events|data) (?:were|was|have been|has been) lost\b/i,
    examples: [
      'Some data may have been lost because they are not available in Kafka any more',
      '[KAFKA_DATA_LOSS.START_OFFSET_RESET] Partition events-0 offset was changed',
    ],
  },
  {
    id: 'offset-moved-back',
    class: 'source-data-lost',
    pattern:
      /offset was changed from|offsets? (?:of|for) [^\n]{0,120}(?:some data may have been missed)|\bare gone\b[^\n]{0,160}(?:missed|deleted)|Cannot find earliest offsets/i,
    examples: [
      "Partition events-3's offset was changed from 900 to 12, some data may have been missed.",
      'Set(events-1) are gone. Kafka topics may have been deleted, some data may have been missed.',
    ],
  },
  {
    id: 'offset-out-of-range',
    class: 'source-data-lost',
    pattern:
      /OffsetOutOfRange|OFFSET_OUT_OF_RANGE|offsets? out of range|(?:position|offset) [^\n]{0,240}is out of range/i,
    examples: [
      'OffsetOutOfRangeException: Offsets out of range with no configured reset policy for partitions: {a-0=1}',
      'Fetch position FetchPosition{offset=187} is out of range for partition t-0, resetting offset',
    ],
  },
  {
    id: 'shard-gone',
    class: 'source-data-lost',
    pattern:
      /\bshard (?:id )?['"]?[\w${}-]{1,90}['"]? (?:in|of|from|under|does|doesn|no|has|is)\b[^\n]{0,200}(?:not exist|n't exist|not found|no longer|been deleted|gone)|shard has been deleted before|Could not find shard/i,
    examples: [
      'ResourceNotFoundException: Shard shardId-000000000000 in stream orders under account 1 does not exist',
      'The shard has been deleted before we have processed all records in it',
    ],
  },
  {
    id: 'sequence-number-of-another-stream',
    class: 'source-data-lost',
    // The stream was deleted and made again under its old name: what it held is gone.
    pattern: /did not come from this stream|TrimmedDataAccess/i,
    examples: [
      'StartingSequenceNumber 495 used in GetShardIterator is invalid because it did not come from this stream.',
    ],
  },
  {
    id: 'records-past-retention',
    class: 'source-data-lost',
    pattern:
      /(?:offsets?|records|data|messages|version)\b[^\n]{0,100}(?:aged out|no longer (?:available|retained|exists?) in|past (?:the )?retention|older than (?:the )?retention)/i,
    examples: ['the records at offset 12 are no longer available in the topic'],
  },
  {
    id: 'source-snapshot-expired',
    class: 'source-data-lost',
    pattern:
      /snapshot (?:was|has been|is) (?:expired|removed)|"snapshot" is null|Cannot find snapshot|earliest available version in the _delta_log|DELTA_VERSIONS_NOT_CONTIGUOUS/i,
    examples: [
      'Cannot load current offset at snapshot 12, the snapshot was expired or removed',
      'NullPointerException: Cannot invoke "org.apache.iceberg.Snapshot.parentId()" because "snapshot" is null',
    ],
  },
];
