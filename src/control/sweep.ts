import { as, dueShards, keys, type SweepItem, schemaVersion } from './items.ts';
import { nextRev, seenRev } from './load.ts';
import { findLostEvents } from './lost-events.ts';
import type { InForce, Ports, Wake } from './ports.ts';
import { type PassListener, reconcile } from './reconcile.ts';
import { release } from './release.ts';
import { spread } from './spread.ts';
import { noticeWrite } from './writes.ts';

export interface SweepReport {
  readonly due: number;
  readonly ended: number;
  readonly appeared: number;
  readonly pages: number;
  /** Whether a notice lay in the outbox for so long that its pass cannot have seen to it. */
  readonly hasNotices: boolean;
  /** Passes made here because the wake queue did not take their wakes. */
  readonly direct: number;
  /** What could not be done this time; the next sweep tries again. */
  readonly trouble: readonly string[];
}

/** Due jobs woken in one sweep, over all shards; what is more waits a minute. */
const dueMax = 2_000;
/** Passes that one sweep makes itself while the queue is down: a second or two each, inside the minute. */
const directMax = 20;
/** A notice is left to the pass that wrote it for this long. */
const outboxAgeMs = 60_000;
/** Whoever is looked at within this time meets a new policy soon enough by itself. */
const soonMs = 15 * 60_000;
/** The job of a notice that is about the fleet. */
const fleetJob = '*';

/** Every minute: wakes whom nobody woke. Everything it finds is a hint; a pass looks for itself. */
export async function sweep(ports: Ports, listener = silent): Promise<SweepReport> {
  const trouble: string[] = [];
  const due = await wakeDue(ports, trouble);
  const current = await ports.policies.current();
  if (current.ok) await keepUpWithPolicy(ports, current.value);
  else trouble.push(`policy: ${current.message}`);
  const lost = await findLostEvents(ports, trouble);
  const wishes = await ports.store.list(keys.wishes, { limit: 1 });
  if (wishes.ok && wishes.value.length > 0) await ports.wakes.release();
  const direct = await reconcileDirectly(ports, due.unsent, listener);
  const hasNotices = await hintAtOutbox(ports);
  return { due: due.count, ...lost, hasNotices, direct, trouble };
}

async function wakeDue(
  ports: Ports,
  trouble: string[],
): Promise<{ count: number; unsent: readonly string[] }> {
  const beforeMs = ports.clock.now();
  const unsent: string[] = [];
  let count = 0;
  for (let shard = 0; shard < dueShards; shard++) {
    const jobs = await ports.store.due(shard, { beforeMs, limit: Math.ceil(dueMax / dueShards) });
    if (!jobs.ok) {
      trouble.push(`due shard ${shard}: ${jobs.message}`);
      continue;
    }
    const wakes = jobs.value.map((job): Wake => ({ kind: 'job', job, cause: 'due' }));
    const before = count;
    count += jobs.value.length;
    if (await send(ports, wakes, before)) continue;
    trouble.push(`due shard ${shard}: the wake queue did not take the wakes`);
    unsent.push(...jobs.value);
  }
  return { count, unsent };
}

/** With the queue down nobody else would look at these jobs: the sweep makes the passes and the grants itself. */
async function reconcileDirectly(
  ports: Ports,
  jobs: readonly string[],
  listener: PassListener,
): Promise<number> {
  if (jobs.length === 0) return 0;
  const now = jobs.slice(0, directMax);
  for (const job of now) await passSafely(ports, job, listener);
  const { granted } = await release(ports);
  for (const job of granted) await passSafely(ports, job, listener);
  return now.length + granted.length;
}

/** For those who only want the passes made. */
const silent: PassListener = { passed: () => {}, failed: () => {} };

/** One job's broken record must not take the others' pass away. */
async function passSafely(ports: Ports, job: string, listener: PassListener): Promise<void> {
  try {
    listener.passed(await reconcile(ports, { job }));
  } catch (error) {
    listener.failed(job, error);
  }
}

/** Wakes the jobs that a new policy declares, and says once when the policy that should be in force is broken. */
async function keepUpWithPolicy(ports: Ports, { policy, hash, broken }: InForce): Promise<void> {
  const stored = await ports.store.read([keys.sweep]);
  if (!stored.ok) return;
  const before = as('sweep', stored.value.items[0]);
  const isNew = before?.policyHash !== hash;
  const isUntold = broken !== undefined && before?.brokenHash !== broken.hash;
  if (!isNew && !isUntold) return;
  const isSettled = isNew ? await wakeUndiscovered(ports, hash, Object.keys(policy.jobs)) : true;
  const text = `The policy ${broken?.hash.slice(0, 12)} cannot be used (${broken?.message}); ${hash.slice(0, 12)} stays in force. Apply a good one.`;
  const about = { job: fleetJob, decisionId: '' };
  const put: SweepItem = {
    ...keys.sweep,
    kind: 'sweep',
    schema: schemaVersion,
    rev: nextRev(before),
    // Kept only once every declared job has a record: until then they are woken again.
    policyHash: isSettled ? hash : (before?.policyHash ?? ''),
    ...(broken ? { brokenHash: broken.hash } : {}),
  };
  await ports.store.commit([
    { put, seenRev: seenRev(before) },
    ...(isUntold ? [noticeWrite(ports, { event: 'policy.broken', severity: 'critical', text }, about)] : []),
  ]);
}

/**
 * True when every declared job has a record that a pass under some policy wrote, and none sleeps on by the terms of
 * the policy before: a job that waits a day for its budget must hear that the budget was raised.
 */
async function wakeUndiscovered(ports: Ports, hash: string, names: readonly string[]): Promise<boolean> {
  if (names.length === 0) return true;
  const records = await ports.store.read(names.map((name) => keys.record(name)));
  if (!records.ok) return false;
  const fresh = names.filter((_, index) => {
    const record = as('record', records.value.items[index]);
    if (record === undefined || record.unmanaged === true) return true;
    return record.policyHash !== hash && record.dueAtMs > ports.clock.now() + soonMs;
  });
  await send(
    ports,
    fresh.map((job): Wake => {
      // A job that is new has its runs listed by its first pass anyway, and may share that with others.
      const isNew = records.value.items[names.indexOf(job)] === undefined;
      return { kind: 'job', job, cause: 'declared', ...(isNew ? {} : { look: true }) };
    }),
  );
  return fresh.length === 0;
}

/** The hint of a pass may be lost, and a receiver that was down may be back. */
async function hintAtOutbox(ports: Ports): Promise<boolean> {
  const rows = await ports.store.list(keys.outbox, { limit: 1 });
  const oldest = rows.ok ? as('outbox', rows.value[0]) : undefined;
  if (!oldest || ports.clock.now() - oldest.notice.atMs < outboxAgeMs) return false;
  await ports.wakes.notify();
  return true;
}

async function send(ports: Ports, wakes: readonly Wake[], before = 0): Promise<boolean> {
  if (wakes.length === 0) return true;
  const answer = await ports.wakes.send(spread(wakes, before));
  return answer.ok;
}
