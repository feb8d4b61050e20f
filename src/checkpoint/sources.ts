import { isCutOff, isObject, type Json, parseJson } from './json.ts';

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
  /** Kinesis only: the connector's own number of this batch, under which it keeps the ends of shards. None of qubole's. */
  readonly connectorBatch?: number;
}

export type ParsedOffset =
  | { readonly ok: true; readonly value: SourceOffset }
  | { readonly ok: false; readonly why: string };

/** Kinds of sources whose offsets are known by their shape alone. */
export type KnownKind = 'kinesis' | 'kafka' | 'file';

/**
 * What a line of `offsets/N` says; `null` is a source without an offset. Spark hands the line to the source as it is, so
 * what no source known here writes is `other`, and damage only where the source is known: by the shape of the line, or
 * by `former`, what the same source is elsewhere in the checkpoint.
 */
export function parseSourceOffset(line: string | null, former?: KnownKind): ParsedOffset {
  if (line === null) return single('other', []);
  const read = parseJson(line);
  if (!read.ok && (former !== undefined || isMeantAsJson(line))) return read;
  const value = read.ok ? read.value : line;
  const known = isObject(value)
    ? (kinesisOffset(value) ?? fileOffset(value) ?? kafkaOffset(value, former === 'kafka'))
    : undefined;
  if (known) return known;
  // A file source of old, and one that somebody wrote by hand.
  if (former === 'file' && /^[+-]?\d+$/.test(line))
    return single('file', [at('0', Number(line), 'LOG_OFFSET')]);
  // A Kafka source whose pattern matches no topic yet.
  const isNothing = isObject(value) && Object.keys(value).length === 0;
  if (former !== undefined && !(isNothing && former === 'kafka'))
    return { ok: false, why: `it is no offset of the source, which is of kind ${former} elsewhere` };
  if (isNothing) return single('other', []);
  if (typeof value === 'number') return single('rate', [at('0', wholeOrText(value, line), 'VALUE')]);
  return single('other', [at('0', line.trim(), 'RAW')]);
}

/** Begun as an object with keys, or begun and cut off. Python writes numbers there that JSON does not have. */
function isMeantAsJson(line: string): boolean {
  if (isCutOff(line)) return true;
  return /^\s*\{\s*"/.test(line) && !parseJson(line.replace(/-?\b(?:NaN|Infinity)\b/g, 'null')).ok;
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

/**
 * Undefined where it is none. The connector of awslabs demands both subSequenceNumber and isLast of each shard; the older
 * one of qubole writes neither, and keeps the ends of its batches elsewhere and otherwise.
 */
function kinesisOffset({ metadata, ...shards }: { readonly [key: string]: Json }): ParsedOffset | undefined {
  const { streamName, batchId } = isObject(metadata) ? metadata : {};
  const isNamed = typeof streamName === 'string' && typeof batchId === 'string';
  const hasShards = Object.entries(shards).some(
    ([id, shard]) => id.startsWith('shardId-') && isObject(shard) && 'iteratorType' in shard,
  );
  if (!isNamed && !hasShards) return undefined;
  if (!isNamed || !/^-?\d{1,15}$/.test(batchId))
    return { ok: false, why: 'its metadata names no stream or no batch' };
  const isOlder =
    Object.keys(shards).length > 0 &&
    Object.values(shards).every(
      (shard) => isObject(shard) && !('subSequenceNumber' in shard) && !('isLast' in shard),
    );
  const partitions: PartitionPosition[] = [];
  for (const [id, shard] of Object.entries(shards)) {
    if (!isObject(shard)) return { ok: false, why: `${id}: no object` };
    const { subSequenceNumber, isLast } = shard;
    // Both are text here.
    const isWhole = /^-?\d+$/.test(String(subSequenceNumber)) && /^(?:true|false)$/i.test(String(isLast));
    if (!isOlder && !isWhole) return { ok: false, why: `${id}: no subSequenceNumber or no isLast` };
    const read = shardPosition(id, shard);
    if (!read.ok) return read;
    partitions.push(read.value);
  }
  const positions = [{ kind: 'kinesis' as const, stream: streamName, partitions: byId(partitions) }];
  const connectorBatch = isOlder ? {} : { connectorBatch: Number(batchId) };
  return { ok: true, value: { kind: 'kinesis', positions, ...connectorBatch } };
}

/**
 * Undefined where it is none. What Kafka itself writes are whole numbers under whole numbers; of a source that is known
 * to be Kafka anything counts that its parser takes: fractions, nulls and signs too, and text not.
 */
function kafkaOffset(value: { readonly [key: string]: Json }, isKnown: boolean): ParsedOffset | undefined {
  const topics = Object.entries(value).filter(([, offsets]) => !(isKnown && offsets === null));
  if (topics.length === 0) return undefined;
  const positions: SourcePositions[] = [];
  for (const [topic, offsets] of topics) {
    if (!isObject(offsets)) return undefined;
    const entries = Object.entries(offsets);
    const isKafka = entries.every(([id, offset]) =>
      isKnown
        ? /^[+-]?\d{1,10}$/.test(id) && (typeof offset === 'number' || offset === null)
        : /^\d{1,9}$/.test(id) && Number.isInteger(offset),
    );
    if (!isKafka || (entries.length === 0 && !isKnown)) return undefined;
    const partitions = entries.map(([id, offset]) => at(id, Math.trunc(Number(offset)), 'OFFSET'));
    positions.push({ kind: 'kafka', stream: topic, partitions: byId(partitions) });
  }
  return { ok: true, value: { kind: 'kafka', positions } };
}

function fileOffset({ logOffset }: { readonly [key: string]: Json }): ParsedOffset | undefined {
  if (typeof logOffset !== 'number') return undefined;
  return single('file', [at('0', Math.trunc(logOffset), 'LOG_OFFSET')]);
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
