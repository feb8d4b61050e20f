import { as, keys, schemaVersion, type ThreadItem, type ThreadPost } from '../control/items.ts';
import { threadOf } from '../control/notice.ts';
import type { Clock, JobStore, Notice, Receiver, Story, ToldAnswer } from '../control/ports.ts';
import { isClockReason } from '../core/data-loss-clock.ts';
import { jobNamed, type ResolvedPolicy } from '../core/job.ts';
import { isUnanswered } from '../core/reason.ts';
import { approvalMessage } from './approval-message.ts';
import type { Slack, SlackAnswer } from './client.ts';
import { incidentMessage, type SlackMessage, type Subject, stepLine } from './incident-message.ts';

/** Threads outlive their incident by this much, as decisions do. */
const threadLifeSeconds = 30 * 24 * 3_600;
/** Clocks of two companies: how much earlier than our own note a post of ours may be dated. */
const clockMarginMs = 5 * 60_000;
/** Lines of one reply: Slack cuts a text of more than 4,000 characters into several messages. */
const stepsMax = 15;
/** Notices that one thread remembers; an incident has a handful. */
const toldMax = 200;

type Trouble = Exclude<ToldAnswer, { ok: true }>;
type Told = Exclude<SlackAnswer<never>, { kind: 'done' }>;

interface Options {
  readonly name: string;
  readonly channel: string;
  readonly policy: ResolvedPolicy;
  readonly slack: Slack;
  readonly store: JobStore;
  readonly clock: Clock;
}

/**
 * One message per incident, changed in place, its steps in the thread; a call for a person is a post of its own.
 * What was told is kept in `INCIDENT#id / THREAD#name`, and a post is noted there before it is sent: one whose answer
 * was lost is looked for in the channel first. Where Slack does not let us look, it is posted again, because a call
 * that came twice is better than one that never came.
 */
export class SlackReceiver implements Receiver {
  readonly name: string;
  readonly #options: Options;

  constructor(options: Options) {
    this.name = options.name;
    this.#options = options;
  }

  async tell(story: Story): Promise<ToldAnswer> {
    const { store, clock } = this.#options;
    const key = keys.thread(threadOf(story.notices[0]), this.name);
    const read = await store.read([key]);
    if (!read.ok) return down(read.message);
    const item = as('thread', read.value.items[0]);
    const thread = new Thread(store, clock, item ?? { ...key, ...newThread });
    const fresh = story.notices.filter((notice) => !thread.item.told.includes(notice.id));
    return fresh.length === 0 ? { ok: true } : this.#write(thread, story, fresh);
  }

  async #write(thread: Thread, story: Story, fresh: readonly Notice[]): Promise<ToldAnswer> {
    const latest = fresh.at(-1) as Notice;
    const isFirst = thread.item.posts.length === 0;
    // Without a head the newest notice is the head; calls for a person get posts of their own under an older head.
    const heads = isFirst ? [latest] : [];
    const calls = isFirst && !isCall(latest) ? [] : soonestFirst(fresh.filter(isPosted));
    for (const notice of [...heads, ...calls]) {
      const trouble = await this.#post(thread, notice, story);
      if (trouble) return trouble;
    }
    // The head of an outage is its own: what one of its jobs calls for is a post and a step.
    const own = fresh.findLast(({ within }) => within === undefined);
    // A call may overtake what happened before it: that is a step, and not the state of things any more.
    const isOvertaken = own !== undefined && thread.item.told.some((id) => id > own.id);
    const trouble = isFirst || isOvertaken || !own ? undefined : await this.#edit(thread, own, story);
    if (trouble) return trouble;
    // The head is changed with each step, so every step stands in the thread, also the first. What has no incident
    // has no steps.
    const steps = latest.incidentId === undefined ? [] : fresh;
    return (await this.#reply(thread, steps)) ?? (await thread.tell(fresh));
  }

  /** Posts once per key, whatever became of earlier attempts. */
  async #post(thread: Thread, notice: Notice, story: Story): Promise<Trouble | undefined> {
    const { slack, channel } = this.#options;
    const key = postKey(notice, thread.item.posts);
    if (thread.item.posts.some((post) => post.key === key)) return undefined;
    const before = thread.item.posting;
    if (before?.key === key) {
      const search = { key: thread.markOf(key), sinceMs: before.atMs - clockMarginMs };
      const found = await slack.find(channel, search);
      if (found.kind === 'done' && found.value) return thread.posted(key, found.value.ts, notice);
      if (found.kind !== 'done' && found.kind !== 'refused') return troubleOf(found);
    }
    const noted = await thread.posting(key);
    if (noted) return noted;
    const posted = await slack.post(channel, marked(this.#messageOf(notice, story), thread.markOf(key)));
    if (posted.kind === 'done') return thread.posted(key, posted.value.ts, notice);
    // Only of an unclear answer nobody knows whether the post is there.
    if (posted.kind !== 'unclear') await thread.notPosted();
    return troubleOf(posted);
  }

  /** The head shows the newest state. When all is well again the calls say so too, and nobody acts on an old one. */
  async #edit(thread: Thread, latest: Notice, story: Story): Promise<Trouble | undefined> {
    const { slack, channel } = this.#options;
    const [head, ...calls] = thread.item.posts;
    const lastCall = calls.at(-1);
    const link = lastCall && isCall(latest) ? await slack.linkTo(channel, lastCall.ts) : undefined;
    const steps = new Set([...thread.item.told, ...story.notices.map(({ id }) => id)]).size;
    const isOver = latest.event === 'incident.recovered' || latest.event === 'run.stopped-by-person';
    for (const post of [head, ...(isOver ? calls : [])]) {
      if (!post) continue;
      const message = this.#messageOf(latest, story, { call: link, steps });
      const changed = await slack.update(channel, post.ts, marked(message, thread.markOf(post.key)));
      if (changed.kind !== 'done') return troubleOf(changed);
    }
    return undefined;
  }

  async #reply(thread: Thread, steps: readonly Notice[]): Promise<Trouble | undefined> {
    const [head] = thread.item.posts;
    if (!head || steps.length === 0) return undefined;
    const { slack, channel } = this.#options;
    const lines = steps.slice(0, stepsMax).map(stepLine);
    const left = steps.length - lines.length;
    if (left > 0) lines.push(`… and ${left} more: checkpilot status shows all`);
    const replied = await slack.reply(channel, head.ts, lines.join('\n'));
    return replied.kind === 'done' ? undefined : troubleOf(replied);
  }

  #messageOf(notice: Notice, story: Story, more: Pick<Subject, 'call' | 'steps'> = {}): SlackMessage {
    const { policy } = this.#options;
    const { name, region, runbooks } = policy;
    const isOfDecision = story.decision?.id === notice.decisionId;
    const subject = {
      notice: asOfOutage(notice),
      decision: isOfDecision ? story.decision : undefined,
      job: jobNamed(policy, notice.job),
      where: { policy: name, region, ...(runbooks ? { runbooks } : {}) },
      ...more,
    };
    const { approval } = notice;
    if (!approval) return incidentMessage(subject);
    return approvalMessage({ ...subject, approval, approvers: policy.guardrails.approvals });
  }
}

const newThread = { kind: 'thread' as const, schema: schemaVersion, rev: 0, told: [], posts: [] };

/** What is kept of a thread, written before and after each post by the revision that was seen. */
class Thread {
  item: ThreadItem;
  readonly #store: JobStore;
  readonly #clock: Clock;

  constructor(store: JobStore, clock: Clock, item: ThreadItem) {
    this.#store = store;
    this.#clock = clock;
    this.item = item;
  }

  /** By which a post of this thread is found in its channel. */
  markOf(key: string): string {
    return `${this.item.pk} ${key}`;
  }

  posting(key: string): Promise<Trouble | undefined> {
    return this.#save({ ...this.#clear(), posting: { key, atMs: this.#clock.now() } });
  }

  posted(key: string, ts: string, { lossAtMs }: Notice): Promise<Trouble | undefined> {
    const post = { key, ts, ...(lossAtMs === undefined ? {} : { lossAtMs }) };
    return this.#save({ ...this.#clear(), posts: [...this.item.posts, post] });
  }

  notPosted(): Promise<Trouble | undefined> {
    return this.#save(this.#clear());
  }

  async tell(notices: readonly Notice[]): Promise<ToldAnswer> {
    const told = [...this.item.told, ...notices.map(({ id }) => id)].slice(-toldMax);
    return (await this.#save({ ...this.item, told })) ?? { ok: true };
  }

  #clear(): ThreadItem {
    const { posting: _done, ...item } = this.item;
    return item;
  }

  async #save(next: ThreadItem): Promise<Trouble | undefined> {
    const { rev } = this.item;
    const ttl = Math.floor(this.#clock.now() / 1_000) + threadLifeSeconds;
    const put = { ...next, rev: rev + 1, ttl };
    const outcome = await this.#store.commit([{ put, seenRev: rev === 0 ? 'absent' : rev }]);
    // A conflict means that another round tells the same: it will be found told, or told again, next time.
    if (outcome.kind !== 'committed') return down(`the thread was not written: ${outcome.kind}`);
    this.item = put;
    return undefined;
  }
}

/** What one job of an outage calls for is told as the outage's: it is seldom the only one. */
function asOfOutage(notice: Notice): Notice {
  const { within, text } = notice;
  if (within === undefined) return notice;
  const also = 'Other jobs wait with it: what is told of them follows in the thread of the outage.';
  return { ...notice, incidentId: within, text: `${text} ${also}` };
}

function marked(message: SlackMessage, post: string): SlackMessage {
  const { metadata } = message;
  return { ...message, metadata: { ...metadata, event_payload: { ...metadata.event_payload, post } } };
}

/** At most one post for each state that calls for a person; the head is the first post, whatever its state. */
function postKey(notice: Notice, posts: readonly ThreadPost[]): string {
  if (!isPosted(notice)) return 'head';
  const { personStarts = 0 } = notice.history ?? {};
  // Whoever started it after the last call has not been called for what came of that.
  const round = personStarts === 0 ? '' : ` after start ${personStarts} by a person`;
  const key = `${notice.event} ${callOf(notice) ?? ''}`.trim() + round;
  const { within, lossAtMs, atMs } = notice;
  if (within === undefined || lossAtMs === undefined) return key;
  const told = posts.filter((post) => post.key.startsWith(key)).map((post) => post.lossAtMs ?? lossAtMs);
  // The first call of an outage's clocks speaks for all of them, but not for one that leaves less than half of its time.
  const isMuchSooner = told.length > 0 && lossAtMs - atMs < (Math.min(...told) - atMs) / 2;
  return isMuchSooner ? `${key} ${lossAtMs}` : key;
}

/** A call for a person, and within an outage that AWS says nothing of a job: one post speaks for all of them. */
function isPosted(notice: Notice): boolean {
  return isCall(notice) || (notice.within !== undefined && isUnanswered(notice.reason));
}

/** Data that is about to be lost, or was left out, is another call than the failure before it. */
function callOf({ reason, class: failure, within }: Notice): string | undefined {
  const isOfItsOwn = isClockReason(reason) || reason === 'records-left-out' || within !== undefined;
  return isOfItsOwn ? reason : failure;
}

/** Of several clocks the one that runs out first speaks for them. */
function soonestFirst(calls: readonly Notice[]): readonly Notice[] {
  const at = ({ lossAtMs = 0 }: Notice) => lossAtMs;
  return calls.toSorted((a, b) => at(a) - at(b));
}

function isCall({ event }: Notice): boolean {
  return event === 'incident.needs-human' || event === 'writers.two-live-runs';
}

function troubleOf(told: Told): Trouble {
  switch (told.kind) {
    case 'rate-limited':
      return { ok: false, code: 'throttled', retryAfterMs: told.retryAfterMs, message: 'rate limited' };
    case 'refused':
      return { ok: false, code: 'refused', message: told.message };
    case 'unclear':
      return down(told.message);
  }
}

function down(message: string): Trouble {
  return { ok: false, code: 'unavailable', message };
}
