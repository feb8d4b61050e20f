import type { TextSource } from './failure/lines.ts';
import { type Place, readRecords, type TextRecord } from './failure/text.ts';
import { hash } from './hash.ts';

/**
 * What a connector says of records that it left out, in a warning and nowhere else: the job goes on, its checkpoint moves,
 * and no state tells. Spark's Kafka source with `failOnDataLoss` false does so, and the Kinesis connector as it comes.
 */
export interface Loss {
  /** The same for the same range of the same partition, however often it is said. */
  readonly key: string;
  /** Partition or shard and range, as far as the line names them. */
  readonly what: string;
  readonly source: string;
  /** Counts from 1, in what was read of the source. */
  readonly line: number;
}

/** A line that matters has one of these, in these letters: what searches a log on the spot looks for them. */
export const lossWords = [
  'data may have been',
  'data may be lost',
  'records in [',
  'skipped (GroupId',
] as const;

/** How many are remembered, so that none is told twice: two of each partition of a topic of a thousand. */
export const rememberedMax = 2_000;
/** Of these a decision has the words; of the others it is remembered that they were counted. */
const namedMax = 40;

/** Every loss that the texts tell of, each once. */
export function findLosses(sources: readonly TextSource[]): readonly Loss[] {
  const found = new Map<string, Loss>();
  for (const record of readRecords(sources)) {
    const loss = lossIn(record);
    if (loss) found.set(loss.key, loss);
  }
  const ranges = new Set([...found.values()].map(({ key }) => beginOf(key)));
  // The offset that could not be read is said first, and then the range that it begins.
  const whole = [...found.values()].filter(({ key }) => !isBegin(key) || !ranges.has(key.slice(1)));
  return whole;
}

/** What nobody was told of: some in words, and the marks of the others. */
export function newLosses(
  sources: readonly TextSource[],
  told: readonly string[],
): { readonly found: readonly Loss[]; readonly further?: readonly string[] } {
  const known = new Set(told);
  const fresh = findLosses(sources)
    .filter((one) => !known.has(lossMark(one)))
    .slice(-rememberedMax);
  const further = fresh.slice(0, -namedMax).map(lossMark);
  return { found: fresh.slice(-namedMax), ...(further.length > 0 ? { further } : {}) };
}

/** A short name of the loss, to be remembered by. */
export function lossMark({ key }: Loss): string {
  return hash(key).slice(0, 9);
}

interface LossShape {
  readonly id: string;
  readonly pattern: RegExp;
  /** Key and words, of the groups of the pattern. */
  readonly read: (groups: readonly string[]) => { readonly key: string; readonly what: string };
  readonly examples: readonly string[];
}

const range = (partition = '', from = '', to = '') => ({
  key: `${partition} ${from} ${to}`,
  what: `${partition}: offsets ${from} to ${to}`,
});
const partition = String.raw`\(GroupId: [^,)]{0,300}, TopicPartition: ([\w.-]{1,260})\)`;

/** In the words of Spark 3.5 and 4 and of the Kinesis connector 1.2 to 2.0; the last one takes what is left. */
export const lossShapes: readonly LossShape[] = [
  {
    id: 'kafka-records-skipped',
    pattern: new RegExp(String.raw`records in \[(\d{1,19}), ?(\d{1,19})\) will be skipped ?${partition}`),
    read: ([from, to, of]) => range(of, from, to),
    examples: [
      'The current available offset range is AvailableOffsetRange(500,900). Offset 120 is out of range, and records in [120, 500) will be skipped (GroupId: spark-kafka-source-1, TopicPartition: orders-3).',
    ],
  },
  {
    id: 'kafka-records-missing',
    pattern: new RegExp(String.raw`Skip missing records in \[(\d{1,19}), ?(\d{1,19})\) ?${partition}`),
    read: ([from, to, of]) => range(of, from, to),
    examples: ['Skip missing records in [7, 12) (GroupId: spark-kafka-source-1, TopicPartition: orders-0).'],
  },
  {
    id: 'kafka-offset-unreadable',
    pattern: new RegExp(String.raw`Cannot fetch offset (\d{1,19}) ?${partition}`),
    read: ([from = '', of = '']) => ({ key: `?${of} ${from}`, what: `${of}: from offset ${from} on` }),
    examples: ['Cannot fetch offset 120 (GroupId: spark-kafka-source-1, TopicPartition: orders-3).'],
  },
  {
    id: 'kafka-offset-disappeared',
    pattern: new RegExp(String.raw`Found a disappeared offset (\d{1,19})\.[^(]{0,80}${partition}`),
    read: ([at = '', of = '']) => ({ key: `${of} ${at}`, what: `${of}: at offset ${at}` }),
    examples: [
      'Found a disappeared offset 9. Some data may be lost (GroupId: spark-kafka-source-1, TopicPartition: orders-3).',
    ],
  },
  {
    id: 'kafka-partition-changed',
    pattern: /Partition ([\w.-]{1,260})'s offset was changed from (\d{1,19}) to (\d{1,19})/,
    // The topic was made anew: what lay between the two is gone, and what came into the new one before it is not read.
    read: ([of = '', from = '', to = '']) => ({
      key: `${of} ${from} ${to}`,
      what: `${of}: its end went back from offset ${from} to ${to}`,
    }),
    examples: ["Partition events-3's offset was changed from 900 to 12, some data may have been missed."],
  },
  {
    id: 'kafka-partition-begins-late',
    pattern: /Added partition ([\w.-]{1,260}) starts from (\d{1,19}) instead of 0/,
    read: ([of, to]) => range(of, '0', to),
    examples: ['Added partition orders-7 starts from 88 instead of 0. Some data may have been missed.'],
  },
  {
    id: 'kafka-partitions-gone',
    pattern:
      /(?:Set|Map|HashSet)\(([\w., -]{1,2000})\) are gone\b|Cannot find earliest offsets of (?:Hash)?Set\(([\w., -]{1,2000})\)/,
    read: ([gone, unfound]) => {
      const which = gone || unfound || '';
      return { key: `gone ${which}`, what: `${which}: the partitions are gone` };
    },
    examples: [
      'Set(orders-1, orders-2) are gone. Some data may have been missed..',
      'Cannot find earliest offsets of Set(orders-4). Some data may have been missed',
    ],
  },
  {
    id: 'kinesis-shards-gone',
    pattern:
      /Some data may have been lost because (?:Hash)?Set\(([\w., -]{1,4000})\) are not available in Kinesis/,
    read: ([which = '']) => ({
      key: `gone ${which}`,
      what: `${which}: deleted from the stream before they were read to their end`,
    }),
    examples: [
      'Some data may have been lost because Set(shardId-000000000004) are not available in Kinesis any more. The shard has been deleted before we have processed all records in it.',
    ],
  },
  {
    id: 'said-in-other-words',
    pattern:
      /[^\n]{0,160}\b(?:data|records|events|messages) (?:may|might|could) (?:have been|be) (?:lost|missed|skipped)\b[^\n]{0,80}/i,
    read: ([all = '']) => ({ key: all, what: all.trim() }),
    examples: ['Segment 14 was truncated, some events might have been skipped'],
  },
];

/** Said beside a line that names the range, or of a stream that stops for it, which is judged as a failure. */
const notAlone =
  /Recovering from the earliest offset|^[\s\S]{0,120}Some data may have been lost because they are not available in Kafka/i;
const stops = /(?:do not|don't) want your streaming query to fail|KAFKA_DATA_LOSS/;

function lossIn({ loudness, message, messagePlaces }: TextRecord): Loss | undefined {
  if (loudness === 'quiet') return undefined;
  const text = message.replace(/\s+/g, ' ');
  if (stops.test(text) || (loudness === 'loud' && /Exception\b/.test(text))) return undefined;
  for (const { id, pattern, read } of lossShapes) {
    const match = pattern.exec(text);
    if (!match) continue;
    if (id === 'said-in-other-words' && notAlone.test(text)) return undefined;
    const groups = id === 'said-in-other-words' ? [match[0]] : match.slice(1);
    const { source = '', line = 0 } = messagePlaces[0] ?? ({} as Partial<Place>);
    return { ...read(groups.map((group) => group ?? '')), source, line };
  }
  return undefined;
}

function isBegin(key: string): boolean {
  return key.startsWith('?');
}

function beginOf(key: string): string {
  return isBegin(key) ? key : key.split(' ').slice(0, 2).join(' ');
}
