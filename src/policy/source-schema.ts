import * as z from 'zod';
import { duration, percent } from './scalars.ts';

const kafkaRetention = duration('1m', '3650d')
  .optional()
  .describe(
    'How long the topics keep records (`retention.ms`, the shortest of them): no broker can be asked for it.',
  );

const topics = z.array(z.string().min(1)).min(1);

/** Flat, with exactly one key: checks.ts sees to that, because a union would report one mistake twice. */
export const sourceSchema = z.strictObject({
  kinesis: z
    .strictObject({
      // The names that Kinesis takes. An ARN would be asked for as a name, and never be found.
      stream: z
        .string()
        .regex(/^[\w.-]{1,128}$/)
        .meta({
          expects: 'the name of a Kinesis stream',
          hint: 'the name alone; of an ARN, what follows stream/',
        })
        .describe('Name of the stream.'),
      consumer: z.string().min(1).optional().describe('Enhanced fan-out consumer: `efo/NAME`.'),
      committerTable: z
        .string()
        .regex(/^[\w.-]{3,255}$/)
        .meta({ expects: 'the name of a DynamoDB table' })
        .optional()
        .describe(
          'DynamoDB table in which the connector keeps the ends of shards (`kinesis.dynamodb.tableName`); leave it out where they lie beside the checkpoint.',
        ),
    })
    .optional()
    .describe('A Kinesis data stream.'),
  msk: z
    .strictObject({
      clusterArn: z
        .string()
        .regex(/^arn:aws[a-z-]*:kafka:/)
        .meta({ expects: 'the ARN of an MSK cluster' })
        .describe('ARN of the cluster.'),
      topics: topics.describe('Topics that the job reads.'),
      groupId: z
        .string()
        .min(1)
        .optional()
        .describe('Consumer group, if the job commits its offsets to one.'),
      retention: kafkaRetention,
    })
    .optional()
    .describe('Topics of an Amazon MSK cluster.'),
  kafka: z
    .strictObject({
      bootstrapServers: z.string().min(1).describe('`host:port`, separated by commas.'),
      topics: topics.describe('Topics that the job reads.'),
      retention: kafkaRetention,
    })
    .optional()
    .describe('Topics of another Kafka cluster.'),
});

export const retentionSchema = z.strictObject({
  warnAt: percent
    .prefault('50%')
    .describe('People are warned when unread data has used this share of the retention.'),
  // IncreaseStreamRetentionPeriod takes whole hours up to a year, and no stream keeps less than 24.
  extendTo: duration('25h', '365d')
    .optional()
    .describe(
      'The stream may be told to keep its records this long, before a person runs out of time to act. Kinesis only, costs money.',
    ),
  exactAge: z
    .boolean()
    .prefault(false)
    .describe(
      'Of a job that stands still for an hour one record of each shard is read, to tell exactly how old the oldest unread one is. Kinesis only; the stream has to be among `AuditStreamArns`.',
    ),
});
