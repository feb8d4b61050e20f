import { describe, expect, it } from 'vitest';
import { findLosses, lossMark, lossShapes, lossWords, newLosses } from '../../src/core/losses.ts';

const found = (text: string) => findLosses([{ source: 'SPARK_DRIVER/stderr.gz', text }]);
const stamp = '26/11/22 20:13:52 WARN';

/** As Spark 3.5 prints it in an executor whose partition has aged out. */
const agedOut = `${stamp} KafkaDataConsumer: Cannot fetch offset 120 (GroupId: spark-kafka-source-6b1, TopicPartition: orders-3).
Some data may have been lost because they are not available in Kafka any more; either the
 data was aged out by Kafka or the topic may have been deleted before all the data in the
 topic was processed. If you want your streaming query to fail on such cases, set the source
 option "failOnDataLoss" to "true".

org.apache.kafka.clients.consumer.OffsetOutOfRangeException: Offsets out of range
\tat org.apache.spark.sql.kafka010.consumer.InternalKafkaConsumer.fetch(KafkaDataConsumer.scala:110)
${stamp} KafkaDataConsumer: Some data may be lost. Recovering from the earliest offset: 500
${stamp} KafkaDataConsumer:
The current available offset range is AvailableOffsetRange(500,900).
 Offset 120 is out of range, and records in [120, 500) will be
 skipped (GroupId: spark-kafka-source-6b1, TopicPartition: orders-3).
Some data may have been lost because they are not available in Kafka any more; either the
 data was aged out by Kafka or the topic may have been deleted before all the data in the
`;

describe('losses in a log', () => {
  it.each(lossShapes.flatMap(({ id, examples }) => examples.map((example) => [id, example])))(
    'are found by %s in %j',
    (_id, example) => {
      const said = /[Ll]ost|missed|skipped/.test(example)
        ? example
        : `${example}\nSome data may have been lost because they are not available in Kafka any more`;
      expect(found(`${stamp} SomeSource: ${said}`)).toHaveLength(1);
      // What searches the log on the spot sees the line, too.
      expect(lossWords.some((word) => said.includes(word)) || /might/.test(said)).toBe(true);
    },
  );

  it('name partition and range once, however many lines tell of it', () => {
    expect(found(agedOut + agedOut).map(({ what }) => what)).toEqual(['orders-3: offsets 120 to 500']);
    expect(found(agedOut)[0]).toMatchObject({ source: 'SPARK_DRIVER/stderr.gz' });
  });

  it('name the offset where the line with the range is not there', () => {
    const cut = agedOut.slice(0, agedOut.indexOf(`${stamp} KafkaDataConsumer: Some data may be lost`));
    expect(found(cut).map(({ what }) => what)).toEqual(['orders-3: from offset 120 on']);
  });

  it('of one partition are two where the ranges differ', () => {
    const later = agedOut.replaceAll('120', '2120').replaceAll('500', '2500');
    const marks = [...found(agedOut), ...found(later)].map(lossMark);
    expect(new Set(marks).size).toBe(2);
  });

  it('name the shards that the Kinesis connector found gone', () => {
    const text = `${stamp} ShardSyncer:
 Some data may have been lost because Set(shardId-000000000004, shardId-000000000005) are not available in Kinesis
 any more. The shard has been deleted before we have processed all records in it.
 If you want your streaming query to fail on such cases, set the source option
 "failOnDataLoss" to "true"`;
    expect(found(text).map(({ what }) => what)).toEqual([
      'shardId-000000000004, shardId-000000000005: deleted from the stream before they were read to their end',
    ]);
  });

  it.each([
    [
      'the query stops for it',
      "Partition t-0's offset was changed from 9 to 1, some data may have been missed. If you don't want your streaming query to fail on such cases",
    ],
    ['it is only said how nothing is lost', 'INFO Source: records in [5, 9) are read'],
    ['it is an INFO line', '26/11/22 20:13:52 INFO Docs: some data may have been lost in the past'],
  ])('are none where %s', (_case, text) => {
    expect(found(text)).toEqual([]);
  });

  it('are found in records of JSON and named as far as fits a decision, the others counted', () => {
    const line = (partition: number) =>
      JSON.stringify({
        ts: '2026-11-22T20:13:52.000Z',
        level: 'WARN',
        msg: `Skip missing records in [7, 12) (GroupId: g, TopicPartition: orders-${partition}). Some data may have been lost`,
        logger: 'KafkaDataConsumer',
      });
    expect(found(line(1)).map(({ what }) => what)).toEqual(['orders-1: offsets 7 to 12']);
    const many = Array.from({ length: 300 }, (_, partition) => line(partition)).join('\n');
    const sources = [{ source: 's', text: many }];
    const { found: named, further = [] } = newLosses(sources, []);
    expect([named.length, further.length]).toEqual([40, 260]);
    const told = [...named.map(lossMark), ...further];
    expect(new Set(told).size).toBe(300);
    expect(newLosses(sources, told)).toEqual({ found: [] });
    expect(newLosses(sources, told.slice(40)).found).toEqual(named);
  });

  it('carry no secret of the line', () => {
    const text = `${stamp} S: events may have been lost at https://u:hunter2secret@host/path`;
    expect(JSON.stringify(found(text))).not.toContain('hunter2secret');
  });
});
