import {
  DescribeStreamSummaryCommand,
  IncreaseStreamRetentionPeriodCommand,
  type KinesisClient,
} from '@aws-sdk/client-kinesis';
import type {
  Answer,
  Clock,
  ExtendAnswer,
  ExtendTerms,
  Failure,
  Retentions,
  StreamRetention,
} from '../control/ports.ts';
import { watchAttempts } from './attempts.ts';
import { signedNotAfter, TooLateError } from './deadline.ts';
import {
  type ErrorFacts,
  errorFacts,
  isDenial,
  isExpiredToken,
  isThrottle,
  malformed,
  sentence,
  toFailure,
} from './failures.ts';
import type { Permissions } from './permissions.ts';

const hourMs = 3_600_000;
/** One answer serves every job of a stream; DescribeStreamSummary takes 20 calls a second for the whole account. */
const keptMs = 5 * 60_000;
const abortAfterMs = 10_000;

/** How long Kinesis streams keep their records, and the one command that makes it longer. Nothing here can shorten it. */
export class KinesisRetentions implements Retentions {
  readonly #client: KinesisClient;
  readonly #clock: Clock;
  readonly #known = new Map<string, StreamRetention>();
  readonly #asked = new Map<string, Promise<Answer<StreamRetention>>>();

  constructor(client: KinesisClient, clock: Clock) {
    this.#client = client;
    this.#clock = clock;
  }

  async of(stream: string, { fresh = false } = {}): Promise<Answer<StreamRetention>> {
    const known = this.#known.get(stream);
    if (!fresh && known && this.#clock.now() - known.readAtMs < keptMs) return { ok: true, value: known };
    const underWay = this.#asked.get(stream) ?? this.#describe(stream);
    this.#asked.set(stream, underWay);
    const answer = await underWay;
    this.#asked.delete(stream);
    if (answer.ok) this.#known.set(stream, answer.value);
    return answer;
  }

  async extend(stream: string, toHours: number, { notAfterMs }: ExtendTerms): Promise<ExtendAnswer> {
    const command = new IncreaseStreamRetentionPeriodCommand({
      StreamName: stream,
      RetentionPeriodHours: toHours,
    });
    const attempts = watchAttempts(command, {
      beforeSend: signedNotAfter(notAfterMs),
      isRefusal: (error) => refusalOf(error) !== undefined,
    });
    this.#known.delete(stream);
    try {
      await this.#client.send(command, { abortSignal: AbortSignal.timeout(abortAfterMs) });
      return { kind: 'accepted' };
    } catch (error) {
      const message = sentence(errorFacts(error));
      if (attempts.unclear > 0) return { kind: 'ambiguous', message };
      if (error instanceof TooLateError) return { kind: 'too-late' };
      return refusalOf(error) ?? { kind: 'not-now', message };
    }
  }

  async #describe(stream: string): Promise<Answer<StreamRetention>> {
    const readAtMs = this.#clock.now();
    try {
      const { StreamDescriptionSummary: summary } = await this.#client.send(
        new DescribeStreamSummaryCommand({ StreamName: stream }),
      );
      const { RetentionPeriodHours: hours, OpenShardCount: openShards, StreamModeDetails } = summary ?? {};
      if (hours === undefined || !(hours > 0))
        return malformed(`DescribeStreamSummary: ${stream} has no retention`);
      return {
        ok: true,
        value: {
          retentionMs: hours * hourMs,
          readAtMs,
          ...(openShards === undefined ? {} : { openShards }),
          isOnDemand: StreamModeDetails?.StreamMode === 'ON_DEMAND',
        },
      };
    } catch (error) {
      return isBusy(errorFacts(error)) ? throttled(error) : toFailure(error);
    }
  }
}

/** Kinesis has an error of its own for calls that come too fast. */
function isBusy(facts: ErrorFacts): boolean {
  return facts.name === 'LimitExceededException' || isThrottle(facts);
}

function throttled(error: unknown): Failure {
  return { ok: false, code: 'throttled', message: sentence(errorFacts(error)) };
}

/** What an error proves: the service changed nothing. Anything that is not surely so is `undefined`. */
function refusalOf(error: unknown): Exclude<ExtendAnswer, { kind: 'ambiguous' | 'accepted' }> | undefined {
  const facts = errorFacts(error);
  if (facts.status === undefined) return undefined;
  const message = sentence(facts);
  if (/signature expired/i.test(facts.message)) return { kind: 'too-late' };
  if (/signature not yet current/i.test(facts.message)) return { kind: 'not-now', message };
  // A stream that is being resharded takes it when it is ACTIVE again.
  if (isBusy(facts) || isExpiredToken(facts) || facts.name === 'ResourceInUseException')
    return { kind: 'not-now', message };
  const isFinal =
    ['InvalidArgumentException', 'ValidationException', 'ResourceNotFoundException'].includes(facts.name) ||
    isDenial(facts);
  return isFinal ? { kind: 'refused', code: facts.name, message: facts.message } : undefined;
}

export const retentionPermissions: Permissions = {
  title: 'read how long streams keep records, and make that longer',
  actions: ['kinesis:DescribeStreamSummary'],
  actsAll: ['kinesis:IncreaseStreamRetentionPeriod'],
};
