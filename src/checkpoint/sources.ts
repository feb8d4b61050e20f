import { isObject, type Json, parseJson } from './json.ts';

export type SourceKind = 'kinesis' | 'kafka' | 'file' | 'rate' | 'other';

/** Where one source stands. A Kafka source over several topics is one of these for each topic. */
export interface SourcePositions {
  readonly kind: SourceKind;
  /** Stream or topic; null where the offset does not name it. */
  readonly stream: string | null;
  readonly partitions: readonly PartitionPosition[];
}

export interface PartitionPosition {
  /** Shard or partition; `0` for a source that has but one. */
  readonly id: string;
  /** As written: Kafka's offsets, file logs and rates are numbers, what Kinesis calls a position is text. */
  readonly position: string | number;
  /** The iterator type of Kinesis; `OFFSET`, `LOG_OFFSET`, `VALUE`; `RAW` for the text of a source not known here. */
  readonly positionType: string;
}

/** One line of `offsets/N`. */
export interface SourceOffset {
  readonly kind: SourceKind;
  readonly positions: readonly SourcePositions[];
  /** Kinesis only: the connector's own number of this batch, under which it keeps the ends of shards. */
  readonly connectorBatch?: number;
}

export type ParsedOffset =
  | { readonly ok: true; readonly value: SourceOffset }
  | { readonly ok: false; readonly why: string };

/** What a line of `offsets/N` says; `null` is a source without an offset. */
export function parseSourceOffset(line: string | null): ParsedOffset {
  if (line === null) return single('other', []);
  const read = parseJson(line);
  if (!read.ok) return read;
  const value = read.value;
  if (typeof value === 'number') return single('rate', [at('0', wholeOrText(value, line), 'VALUE')]);
  if (!isObject(value)) return single('other', [at('0', line.trim(), 'RAW')]);
  if ('logOffset' in value) return fileOffset(value);
  if ('metadata' in value || Object.keys(value).some((key) => key.startsWith('shardId-')))
    return kinesisOffset(value);
  // A Kafka source whose pattern matches no topic yet.
  if (Object.keys(value).length === 0) return single('other', []);
  if (Object.values(value).every(isObject)) return kafkaOffset(value, line);
  return single('other', [at('0', line.trim(), 'RAW')]);
}

const iteratorTypes = new Set([
  'TRIM_HORIZON',
  'LATEST',
  'AT_TIMESTAMP',
  'AT_SEQUENCE_NUMBER',
  'AFTER_SEQUENCE_NUMBER',
  'SHARD_END',
]);

/** Where a batch ended in one shard: the body of `shard-source/<batch>/<shard>`. */
export function parseShardEnd(
  text: string,
): { ok: true; value: PartitionPosition } | { ok: false; why: string } {
  const read = parseJson(text);
  if (!read.ok) return read;
  const { value } = read;
  if (!isObject(value)) return { ok: false, why: 'it is no JSON object' };
  const { shardId, subSequenceNumber = -1, isLast = true } = value;
  if (typeof shardId !== 'string') return { ok: false, why: 'it names no shard' };
  if (!Number.isSafeInteger(subSequenceNumber) || typeof isLast !== 'boolean')
    return { ok: false, why: 'subSequenceNumber is no number, or isLast no boolean' };
  return shardPosition(shardId, value);
}

function shardPosition(
  id: string,
  { iteratorType, iteratorPosition }: Readonly<Record<string, Json>>,
): { ok: true; value: PartitionPosition } | { ok: false; why: string } {
  if (typeof iteratorType !== 'string' || !iteratorTypes.has(iteratorType))
    return { ok: false, why: `${id}: no iterator type of Kinesis` };
  if (typeof iteratorPosition !== 'string') return { ok: false, why: `${id}: no position` };
  // A number, or a time in milliseconds; the other types have no position.
  if (/^A/.test(iteratorType) && !/^\d+$/.test(iteratorPosition))
    return { ok: false, why: `${id}: ${iteratorType} without a number` };
  return { ok: true, value: at(id, iteratorPosition, iteratorType) };
}

function kinesisOffset({ metadata, ...shards }: { readonly [key: string]: Json }): ParsedOffset {
  if (!isObject(metadata)) return { ok: false, why: 'it has shards but no metadata' };
  const { streamName, batchId } = metadata;
  if (typeof streamName !== 'string' || typeof batchId !== 'string' || !/^-?\d{1,15}$/.test(batchId))
    return { ok: false, why: 'its metadata names no stream or no batch' };
  const partitions: PartitionPosition[] = [];
  for (const [id, shard] of Object.entries(shards)) {
    if (!isObject(shard)) return { ok: false, why: `${id}: no object` };
    const { subSequenceNumber, isLast } = shard;
    // The connector demands both, and both are text here.
    if (!/^-?\d+$/.test(String(subSequenceNumber)) || !/^(?:true|false)$/i.test(String(isLast)))
      return { ok: false, why: `${id}: no subSequenceNumber or no isLast` };
    const read = shardPosition(id, shard);
    if (!read.ok) return read;
    partitions.push(read.value);
  }
  const positions = [{ kind: 'kinesis' as const, stream: streamName, partitions: byId(partitions) }];
  return { ok: true, value: { kind: 'kinesis', positions, connectorBatch: Number(batchId) } };
}

function kafkaOffset(topics: { readonly [key: string]: Json }, line: string): ParsedOffset {
  const positions: SourcePositions[] = [];
  for (const [topic, offsets] of Object.entries(topics)) {
    const entries = Object.entries(offsets as object) as [string, Json][];
    // Some other source that happens to write objects in an object.
    if (entries.some(([, offset]) => typeof offset !== 'number')) {
      const looksKafka = entries.every(([id]) => /^\d+$/.test(id));
      if (looksKafka) return { ok: false, why: `topic ${topic}: an offset is no number` };
      return single('other', [at('0', line.trim(), 'RAW')]);
    }
    const bad = entries.find(([id, offset]) => !/^\d{1,9}$/.test(id) || !Number.isSafeInteger(offset));
    if (bad) return { ok: false, why: `topic ${topic}: a partition or its offset is no whole number` };
    const partitions = entries.map(([id, offset]) => at(id, offset as number, 'OFFSET'));
    positions.push({ kind: 'kafka', stream: topic, partitions: byId(partitions) });
  }
  return { ok: true, value: { kind: 'kafka', positions } };
}

function fileOffset({ logOffset }: { readonly [key: string]: Json }): ParsedOffset {
  if (!Number.isSafeInteger(logOffset)) return { ok: false, why: 'logOffset is no whole number' };
  return single('file', [at('0', logOffset as number, 'LOG_OFFSET')]);
}

function single(kind: SourceKind, partitions: readonly PartitionPosition[]): ParsedOffset {
  return { ok: true, value: { kind, positions: [{ kind, stream: null, partitions }] } };
}

function at(id: string, position: string | number, positionType: string): PartitionPosition {
  return { id, position, positionType };
}

/** A number too large for a number stays the text that it was. */
function wholeOrText(value: number, line: string): string | number {
  return Number.isSafeInteger(value) ? value : line.trim();
}

/** The order in a file is that of a hash map. */
function byId(partitions: readonly PartitionPosition[]): readonly PartitionPosition[] {
  const number = (id: string) => Number(/\d+$/.exec(id)?.[0] ?? 0);
  return partitions.toSorted((a, b) => number(a.id) - number(b.id) || (a.id < b.id ? -1 : 1));
}
