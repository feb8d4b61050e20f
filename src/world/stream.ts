/** Where a reader of one shard stands, in the words of the Kinesis connector. */
export interface ShardPosition {
  iteratorType: 'TRIM_HORIZON' | 'AFTER_SEQUENCE_NUMBER';
  /** A sequence number, or empty at TRIM_HORIZON. */
  iteratorPosition: string;
}

export interface StreamOptions {
  name: string;
  shards: number;
  /** Of the whole stream, shared evenly by its shards: a constant, or a function of world time. */
  recordsPerSecond: number | ((timeMs: number) => number);
  retentionMs: number;
}

/** A rate that varies is sampled this often; the trace format has one-minute steps, so this is fine enough. */
const SAMPLE_MS = 10_000;
/** CloudWatch's metrics of a stream have one value a minute. */
const MINUTE_MS = 60_000;

/** Sequence numbers have 56 digits; the first of shard 0, and the distance of two shards, are from a real stream. */
const SEQUENCE_BASE = 49680469429504017095527633640776444979389919767606329346n;
const SEQUENCE_PER_SHARD = 22300745198530623141535718272648361505980416n;

/**
 * A Kinesis data stream as far as readers see it. Records are counted, not kept: record n of a shard has a
 * sequence number made from n, and its arrival time follows from the input rate.
 */
export class Stream {
  readonly name: string;
  readonly createdAtMs: number;
  readonly shardIds: readonly string[];
  readonly #rate: StreamOptions['recordsPerSecond'];
  /** Records of the whole stream up to createdAt + i * SAMPLE_MS. */
  readonly #sampled: number[] = [0];
  #retentionMs: number;
  /** Records of a shard that were gone when the retention was changed last: a longer one does not bring them back. */
  #trimmedBefore = 0;
  /** Minute to the greatest age of a record that was read in it. */
  readonly #readAges = new Map<number, number>();

  constructor({ name, shards, recordsPerSecond, retentionMs }: StreamOptions, createdAtMs: number) {
    this.name = name;
    this.createdAtMs = createdAtMs;
    this.#retentionMs = retentionMs;
    this.shardIds = Array.from({ length: shards }, (_, index) => shardIdOf(index));
    this.#rate = recordsPerSecond;
  }

  /** Whole records that one shard (any: they share evenly) has received since the stream began. */
  countAt(timeMs: number): number {
    return Math.floor(this.#recordsUntil(timeMs) / this.shardIds.length);
  }

  /** Whole records that the stream took between two times. */
  receivedBetween(fromMs: number, toMs: number): number {
    return Math.max(0, Math.floor(this.#recordsUntil(toMs) - this.#recordsUntil(fromMs)));
  }

  /** Records per second at `timeMs`, of the whole stream. */
  rateAt(timeMs: number): number {
    return typeof this.#rate === 'number' ? this.#rate : Math.max(0, this.#rate(timeMs));
  }

  get retentionMs(): number {
    return this.#retentionMs;
  }

  keepFor(retentionMs: number, nowMs: number): void {
    this.#trimmedBefore = this.trimmedAt(nowMs);
    this.#retentionMs = retentionMs;
  }

  /** Records that retention has removed from one shard by `timeMs`. */
  trimmedAt(timeMs: number): number {
    return Math.max(this.#trimmedBefore, this.countAt(timeMs - this.#retentionMs));
  }

  /** Somebody read records by polling, the oldest of them of this age. */
  noteRead(nowMs: number, ageMs: number): void {
    const minute = Math.floor(nowMs / MINUTE_MS);
    this.#readAges.set(minute, Math.max(this.#readAges.get(minute) ?? 0, ageMs));
  }

  /** The greatest age of a record that was read in these minutes; undefined when nobody read. */
  readAgeBetween(fromMs: number, toMs: number): number | undefined {
    let most: number | undefined;
    for (let minute = Math.floor(fromMs / MINUTE_MS); minute * MINUTE_MS < toMs; minute += 1) {
      const ageMs = this.#readAges.get(minute);
      if (ageMs !== undefined) most = Math.max(most ?? 0, ageMs);
    }
    return most;
  }

  /** The position behind the first `count` records of a shard. */
  positionAfter(shardId: string, count: number): ShardPosition {
    if (count === 0) return { iteratorType: 'TRIM_HORIZON', iteratorPosition: '' };
    return { iteratorType: 'AFTER_SEQUENCE_NUMBER', iteratorPosition: sequenceNumber(shardId, count) };
  }

  /** How many records of the shard lie before the position. */
  countBefore(shardId: string, { iteratorType, iteratorPosition }: ShardPosition): number {
    if (iteratorType === 'TRIM_HORIZON') return 0;
    return Number(BigInt(iteratorPosition) - firstSequence(shardId));
  }

  /** When record number `count` (the first is 1) of a shard arrived, or undefined if it has not by `nowMs`. */
  arrivalMs(count: number, nowMs: number): number | undefined {
    if (this.countAt(nowMs) < count) return undefined;
    let [low, high] = [this.createdAtMs, nowMs];
    while (high - low > 1) {
      const middle = Math.floor((low + high) / 2);
      if (this.countAt(middle) >= count) high = middle;
      else low = middle;
    }
    return high;
  }

  #recordsUntil(timeMs: number): number {
    const ageMs = Math.max(0, timeMs - this.createdAtMs);
    if (typeof this.#rate === 'number') return (this.#rate * ageMs) / 1000;
    const step = Math.floor(ageMs / SAMPLE_MS);
    return this.#sample(step) + (this.#rateOfStep(step) * (ageMs - step * SAMPLE_MS)) / 1000;
  }

  #sample(step: number): number {
    for (let at = this.#sampled.length; at <= step; at += 1) {
      this.#sampled.push((this.#sampled[at - 1] ?? 0) + (this.#rateOfStep(at - 1) * SAMPLE_MS) / 1000);
    }
    return this.#sampled[step] ?? 0;
  }

  #rateOfStep(step: number): number {
    return this.rateAt(this.createdAtMs + step * SAMPLE_MS);
  }
}

function shardIdOf(index: number): string {
  return `shardId-${String(index).padStart(12, '0')}`;
}

function firstSequence(shardId: string): bigint {
  return SEQUENCE_BASE + SEQUENCE_PER_SHARD * BigInt(Number(shardId.slice('shardId-'.length)));
}

function sequenceNumber(shardId: string, count: number): string {
  return String(firstSequence(shardId) + BigInt(count));
}
