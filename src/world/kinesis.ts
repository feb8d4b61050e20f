import { type Caller, ServiceError } from './emr-types.ts';
import type { Journal } from './journal.ts';
import type { WorldParameters } from './parameters.ts';
import type { Stream } from './stream.ts';
import { TokenBucket } from './token-bucket.ts';
import type { VirtualTime } from './virtual-time.ts';

/** What DescribeStreamSummary answers, by the names of the API. */
export interface StreamSummary {
  StreamName: string;
  StreamARN: string;
  StreamStatus: 'ACTIVE';
  StreamModeDetails: { StreamMode: 'PROVISIONED' };
  RetentionPeriodHours: number;
  StreamCreationTimestamp: number;
  OpenShardCount: number;
  ConsumerCount: number;
}

export interface KinesisOptions {
  readonly time: VirtualTime;
  readonly parameters: WorldParameters;
  readonly journal: Journal;
  readonly streams: ReadonlyMap<string, Stream>;
}

const HOUR_MS = 3_600_000;
/** API reference of IncreaseStreamRetentionPeriod. */
const HOURS_MIN = 24;
const HOURS_MAX = 8_760;

/** The part of Kinesis Data Streams that tells how long a stream keeps its records, and makes that longer. */
export class Kinesis {
  readonly #options: KinesisOptions;
  readonly #summaries: TokenBucket;

  constructor(options: KinesisOptions) {
    const { streamSummariesPerSecond: perSecond } = options.parameters;
    this.#options = options;
    this.#summaries = new TokenBucket(options.time, { perSecond, burst: perSecond });
  }

  describeStreamSummary(name: string, caller: Caller): StreamSummary {
    this.#checkSignature(caller);
    if (!this.#summaries.take())
      throw new ServiceError('LimitExceededException', 400, 'Rate exceeded for account');
    const stream = this.#stream(name);
    return {
      StreamName: name,
      StreamARN: `arn:aws:kinesis:us-east-1:111122223333:stream/${name}`,
      StreamStatus: 'ACTIVE',
      StreamModeDetails: { StreamMode: 'PROVISIONED' },
      RetentionPeriodHours: stream.retentionMs / HOUR_MS,
      StreamCreationTimestamp: stream.createdAtMs,
      OpenShardCount: stream.shardIds.length,
      ConsumerCount: 0,
    };
  }

  increaseStreamRetentionPeriod(name: string, hours: number, caller: Caller): void {
    this.#checkSignature(caller);
    const stream = this.#stream(name);
    const current = stream.retentionMs / HOUR_MS;
    if (!Number.isInteger(hours) || hours < HOURS_MIN || hours > HOURS_MAX)
      throw invalid(`Retention period must be between ${HOURS_MIN} and ${HOURS_MAX} hours`);
    if (hours <= current)
      throw invalid(
        `Requested retention period (${hours} hours) for stream ${name} can not be shorter than existing retention period (${current} hours)`,
      );
    const { time, journal } = this.#options;
    stream.keepFor(hours * HOUR_MS, time.now());
    journal.write('retention-changed', {}, { stream: name, from: current, to: hours });
  }

  #stream(name: string): Stream {
    const stream = this.#options.streams.get(name);
    if (stream) return stream;
    throw new ServiceError(
      'ResourceNotFoundException',
      400,
      `Stream ${name} under account 111122223333 not found.`,
    );
  }

  #checkSignature({ signedAtMs }: Caller): void {
    const { time, parameters } = this.#options;
    if (signedAtMs === undefined || time.now() - signedAtMs <= parameters.signatureValiditySeconds * 1000)
      return;
    throw new ServiceError('InvalidSignatureException', 400, 'Signature expired');
  }
}

function invalid(message: string): ServiceError {
  return new ServiceError('InvalidArgumentException', 400, message);
}
