import type { RetentionReading } from './source.ts';

/** List prices of us-east-1, recalled and not on a bill (docs/facts.md). */
const usdPerShardHour = 0.02;
const usdPerGbMonth = 0.023;
const hoursFree = 24;
const hoursPerShard = 168;

/** What it costs to keep records for longer, as people are told. */
export function costText(
  {
    retentionMs,
    openShards,
    isOnDemand,
  }: Pick<RetentionReading, 'retentionMs' | 'openShards' | 'isOnDemand'>,
  toHours: number,
): string {
  const fromHours = retentionMs / 3_600_000;
  if (isOnDemand) return 'billed by the data that is kept, on-demand';
  const isMore = fromHours <= hoursFree && toHours > hoursFree;
  const perShard = !isMore
    ? []
    : [
        openShards === undefined
          ? `$${usdPerShardHour.toFixed(3)} for each shard and hour`
          : `$${(usdPerShardHour * 24 * openShards).toFixed(2)} a day for ${openShards} ${openShards === 1 ? 'shard' : 'shards'}`,
      ];
  const perGb =
    toHours > hoursPerShard ? [`$${usdPerGbMonth} a month for each GB that is older than 7 d`] : [];
  const all = [...perShard, ...perGb];
  return all.length === 0 ? 'no more than now' : `about ${all.join(', and ')}`;
}
