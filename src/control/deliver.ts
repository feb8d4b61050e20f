import type { Decision } from '../core/decision.ts';
import type { ResolvedPolicy } from '../core/job.ts';
import { Groups, groupWaitMs } from './groups.ts';
import { as, keys, type OutboxItem } from './items.ts';
import { type Notice, threadOf } from './notice.ts';
import { noticeEvent } from './own-events.ts';
import type { NotifyPorts, Receiver, Story, ToldAnswer } from './ports.ts';

export interface DeliveryReport {
  /** Notices that people have now. */
  readonly told: number;
  /** Notices that stay in the outbox, and how many of them nobody took for five minutes. */
  readonly waiting: number;
  readonly overdue: number;
}

/** Notices looked at in one round: what is critical first, then by age. */
const noticesPerRound = 500;
/** A receiver that cannot be reached keeps its turn for this long; then the next one is told (design, section 2). */
const nextReceiverAfterMs = 5 * 60_000;
/** A rate limit of up to this long is waited for here; a longer one is left to the next round. */
const waitMsMax = 10_000;
/** The round ends before its function does. */
const roundMsMax = 40_000;

/**
 * Tells people what is in the outbox, and publishes it as events: each at least once, critical ones first, one incident
 * after the other. A row leaves only when both are done. A receiver that is down costs one attempt a round.
 */
export async function deliverOutbox(ports: NotifyPorts): Promise<DeliveryReport> {
  const startMs = ports.clock.now();
  let told = 0;
  for (;;) {
    const { held, ...report } = await deliverOnce(ports, startMs);
    told += report.told;
    if (held === 0 || ports.clock.now() - startMs > groupWaitMs) return { ...report, told };
    // Looked for anew each time: a call for a person that comes meanwhile is not held up.
    await ports.clock.sleep(heldLookMs);
  }
}

const heldLookMs = 5_000;

async function deliverOnce(
  ports: NotifyPorts,
  startMs: number,
): Promise<DeliveryReport & { readonly held: number }> {
  const listed = await ports.store.list(keys.outbox, { limit: noticesPerRound });
  const rows = listed.ok ? listed.value.flatMap((row) => as('outbox', row) ?? []) : [];
  if (rows.length === 0) return { told: 0, waiting: 0, overdue: 0, held: 0 };
  const policy = await policyInForce(ports);
  const isPublished = await publish(ports, rows);
  const receivers = policy === 'unreadable' ? [] : ports.receivers(policy);
  const round = new Round(ports, receivers);
  const groups = await Groups.of(ports, policy === 'unreadable' ? undefined : policy, receivers);
  let told = 0;
  let waiting = 0;
  let overdue = 0;
  let held = 0;
  for (const group of byThread(rows, groups)) {
    const isLate = ports.clock.now() - startMs > roundMsMax;
    const place = await groups.placeOf(group.map(({ told }) => told));
    if (place === 'waits') held += group.length;
    const mayTell = !isLate && policy !== 'unreadable' && place !== 'waits';
    // A member of something larger is told of there; the log has it all the same.
    const isTold = mayTell && (place === 'elsewhere' ? round.write(group) : await round.tell(group));
    if (isTold) told += group.length;
    for (const { row } of group) {
      const stays = await finish(ports, row, { isPublished, isTold });
      if (!stays) continue;
      waiting += 1;
      if (ports.clock.now() - row.notice.atMs > nextReceiverAfterMs) overdue += 1;
    }
  }
  return { told, waiting, overdue, held };
}

/** Who is to be told stands in the policy: while it cannot be read, the notices wait. */
async function policyInForce(ports: NotifyPorts): Promise<ResolvedPolicy | undefined | 'unreadable'> {
  const current = await ports.policies.current();
  if (current.ok) return current.value.policy;
  return current.code === 'throttled' || current.code === 'unavailable' ? 'unreadable' : undefined;
}

async function publish(ports: NotifyPorts, rows: readonly OutboxItem[]): Promise<boolean> {
  const events = rows.filter(({ done }) => done !== 'published').map(({ notice }) => noticeEvent(notice));
  if (events.length === 0) return true;
  const answer = await ports.events.publish(events);
  if (!answer.ok) ports.log.warn('events not published', { count: events.length, why: answer.message });
  return answer.ok;
}

/** One look at the outbox: remembers which receivers need not be asked again in it. */
class Round {
  readonly #ports: NotifyPorts;
  readonly #receivers: readonly Receiver[];
  readonly #down = new Set<string>();

  constructor(ports: NotifyPorts, receivers: readonly Receiver[]) {
    this.#ports = ports;
    this.#receivers = receivers;
  }

  /** True when people have it. Where the policy names no receiver, the structured log is where they read. */
  async tell(rows: readonly Told[]): Promise<boolean> {
    const untold = rows.filter(({ row }) => row.done !== 'told').map(({ told }) => told);
    const [first, ...others] = untold;
    if (first === undefined) return true;
    const isTold = this.#receivers.length === 0 || (await this.#tellSomebody([first, ...others]));
    return isTold && this.write(rows);
  }

  /** What CloudWatch keeps is never lost, and log filters can page on it. */
  write(rows: readonly Told[]): true {
    const { log } = this.#ports;
    for (const { row, told: notice } of rows) {
      if (row.done === 'told') continue;
      const { decisionId, ...said } = notice;
      // Under the name that every other line has for it, so that one query finds them all.
      const line = { ...said, ...(decisionId === '' ? {} : { decision: decisionId }) };
      if (notice.severity === 'info') log.info('notice', line);
      else log.warn('notice', line);
    }
    return true;
  }

  async #tellSomebody(notices: Story['notices']): Promise<boolean> {
    const decision = await decisionOf(this.#ports, notices);
    const story: Story = { notices, ...(decision ? { decision } : {}) };
    const ageMs = this.#ports.clock.now() - notices[0].atMs;
    for (const receiver of this.#receivers) {
      const answer = await this.#ask(receiver, story);
      if (answer.ok) return true;
      this.#ports.log.warn('notice not delivered', {
        receiver: receiver.name,
        notices: notices.map(({ id }) => id),
        code: answer.code,
        why: answer.message,
      });
      if (answer.code !== 'refused' && ageMs < nextReceiverAfterMs) return false;
    }
    return false;
  }

  async #ask(receiver: Receiver, story: Story): Promise<ToldAnswer> {
    if (this.#down.has(receiver.name))
      return { ok: false, code: 'unavailable', message: 'it did not answer a moment ago' };
    let answer = await receiver.tell(story);
    if (!answer.ok && answer.code === 'throttled' && answer.retryAfterMs <= waitMsMax) {
      await this.#ports.clock.sleep(answer.retryAfterMs);
      answer = await receiver.tell(story);
    }
    if (!answer.ok && answer.code !== 'refused') this.#down.add(receiver.name);
    return answer;
  }
}

async function decisionOf(ports: NotifyPorts, notices: Story['notices']): Promise<Decision | undefined> {
  const { job, decisionId } = notices.at(-1) ?? notices[0];
  if (decisionId === '') return undefined;
  const read = await ports.store.read([keys.decision(job, decisionId)]);
  return read.ok ? (as('decision', read.value.items[0])?.decision as Decision | undefined) : undefined;
}

/** A row, and its notice as it is told: by itself, or within an outage. */
interface Told {
  readonly row: OutboxItem;
  readonly told: Notice;
}

function byThread(rows: readonly OutboxItem[], groups: Groups): Told[][] {
  const threads = new Map<string, Told[]>();
  for (const row of rows) {
    const told = groups.within(row.notice);
    const key = threadOf(told);
    threads.set(key, [...(threads.get(key) ?? []), { row, told }]);
  }
  // Rows come by severity; what happened first is told first within an incident.
  return [...threads.values()].map((thread) => thread.sort((a, b) => (a.told.id < b.told.id ? -1 : 1)));
}

/** Deletes the row when all is done, or notes the half that is. True if it stays. */
async function finish(
  ports: NotifyPorts,
  row: OutboxItem,
  now: { isPublished: boolean; isTold: boolean },
): Promise<boolean> {
  const isPublished = now.isPublished || row.done === 'published';
  const isTold = now.isTold || row.done === 'told';
  const { pk, sk } = row;
  if (isPublished && isTold) {
    await ports.store.commit([{ delete: { pk, sk }, seenRev: 'any' }]);
    return false;
  }
  const done = isPublished ? 'published' : isTold ? 'told' : undefined;
  if (done !== undefined && done !== row.done)
    await ports.store.commit([{ put: { ...row, done, rev: row.rev + 1 }, seenRev: row.rev }]);
  return true;
}
