import type { Shards } from '../checkpoint/shards.ts';
import type { Retentions, Streams } from '../control/ports.ts';
import type { ShardPosition } from './stream.ts';
import type { World } from './world.ts';
import { answering, refusalOf } from './world-ports.ts';

const minuteMs = 60_000;
/** docs/facts.md: metrics of a minute arrive two to three minutes late. */
const metricsLateMs = 150_000;

/** What streams took, straight from the world. */
export function worldStreams(world: World): Streams {
  return {
    async received(name, { fromMs, toMs }) {
      const stream = world.stream(name);
      if (!stream) return { ok: true, value: 0 };
      return { ok: true, value: stream.receivedBetween(fromMs, toMs) };
    },
    async firstInput(name, { fromMs, toMs }) {
      const stream = world.stream(name);
      for (let atMs = Math.floor(fromMs / minuteMs) * minuteMs; stream && atMs < toMs; atMs += minuteMs) {
        const isKnown = atMs + minuteMs + metricsLateMs <= world.time.now();
        if (isKnown && stream.receivedBetween(atMs, atMs + minuteMs) > 0) return { ok: true, value: atMs };
      }
      return { ok: true, value: undefined };
    },
    async readAge({ stream }, { fromMs, toMs }) {
      const knownMs = Math.min(toMs, world.time.now() - metricsLateMs);
      return { ok: true, value: world.stream(stream)?.readAgeBetween(fromMs, knownMs) };
    },
  };
}

/** What readers of the world's streams find: no stream of it is ever resharded. */
export function worldShards(world: World): Shards {
  return {
    async list(name) {
      const shardIds = world.stream(name)?.shardIds ?? [];
      return { ok: true, value: shardIds.map((id) => ({ id, parents: [], isClosed: false })) };
    },
    async firstRecord(name, { id, position, positionType }) {
      const stream = world.stream(name);
      const at = { iteratorType: positionType, iteratorPosition: String(position) } as ShardPosition;
      const nowMs = world.time.now();
      const gone = stream ? Math.max(stream.countBefore(id, at), stream.trimmedAt(nowMs)) : 0;
      return { ok: true, value: stream?.arrivalMs(gone + 1, nowMs) };
    },
  };
}

/** How long the world's streams keep their records. */
export function worldRetentions(world: World): Retentions {
  const arn = 'arn:aws:sts::111122223333:assumed-role/checkpilot-reconcile/reconcile';
  return {
    async of(stream) {
      return answering(() => {
        const { RetentionPeriodHours, OpenShardCount } = world.kinesis.describeStreamSummary(stream, { arn });
        const retentionMs = RetentionPeriodHours * 3_600_000;
        const readAtMs = world.time.now();
        return {
          ok: true,
          value: { retentionMs, readAtMs, openShards: OpenShardCount, isOnDemand: false },
        };
      });
    },
    async extend(stream, toHours, { notAfterMs }) {
      const signedAtMs = world.time.now();
      if (signedAtMs > notAfterMs) return { kind: 'too-late' };
      try {
        world.kinesis.increaseStreamRetentionPeriod(stream, toHours, { arn, signedAtMs });
        return { kind: 'accepted' };
      } catch (error) {
        return refusalOf(error);
      }
    },
  };
}
