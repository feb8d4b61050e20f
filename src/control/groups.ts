import { isClockReason } from '../core/data-loss-clock.ts';
import { jobNamed, type ResolvedPolicy } from '../core/job.ts';
import { isInside, jobsNeeded, type Outage, usualCorrelation } from '../core/outages.ts';
import { isUnanswered } from '../core/reason.ts';
import { as, keys } from './items.ts';
import type { Notice, NotifyPorts, Receiver } from './ports.ts';

/** How long the first notice of an incident waits for others like it. */
export const groupWaitMs = 15_000;
/** What can be told as part of something larger. A call for a person never is. */
const steps: ReadonlySet<string> = new Set(['incident.opened', 'incident.updated', 'incident.recovered']);

/** Which notices are told by themselves, and which are part of failures that belong together (`release` says which). */
export class Groups {
  readonly #ports: NotifyPorts;
  readonly #policy: ResolvedPolicy | undefined;
  readonly #receivers: readonly Receiver[];
  readonly #outages: readonly Outage[];
  /** Outages that people have a message of. */
  readonly #told: ReadonlySet<string>;

  private constructor(
    ports: NotifyPorts,
    given: {
      policy: ResolvedPolicy | undefined;
      receivers: readonly Receiver[];
      outages: readonly Outage[];
      told: ReadonlySet<string>;
    },
  ) {
    this.#ports = ports;
    this.#policy = given.policy;
    this.#receivers = given.receivers;
    this.#outages = given.outages;
    this.#told = given.told;
  }

  static async of(
    ports: NotifyPorts,
    policy: ResolvedPolicy | undefined,
    receivers: readonly Receiver[],
  ): Promise<Groups> {
    const read = await ports.store.read([keys.release]);
    // Not known which belong together: each is told by itself, which is too much and never too little.
    const outages = read.ok ? (as('release', read.value.items[0])?.outages ?? []) : [];
    const told = await toldOutages(ports, outages, receivers);
    return new Groups(ports, { policy, receivers, outages, told });
  }

  /** Where one incident's notices are told. `waits`: others like it may follow within seconds. */
  async placeOf(notices: readonly Notice[]): Promise<'here' | 'elsewhere' | 'waits'> {
    const [first] = notices;
    const job = first && this.#policy && jobNamed(this.#policy, first.job);
    if (!first || !job || !this.#policy || first.within !== undefined || !notices.every(isStep))
      return 'here';
    const { applicationId } = job.match;
    const { correlated = usualCorrelation } = this.#policy.guardrails;
    const isMember = notices.every((notice) =>
      this.#outages.some((outage) =>
        covers(outage, notice, { applicationId, withinMs: correlated.withinMs }),
      ),
    );
    if (isMember) return (await this.#isKnown(first)) ? 'here' : 'elsewhere';
    const isAlone = !correlated.enabled || Object.keys(this.#policy.jobs).length < jobsNeeded(correlated, 0);
    const isYoung = this.#ports.clock.now() - first.atMs < groupWaitMs;
    return first.opens === true && isYoung && !isAlone ? 'waits' : 'here';
  }

  /**
   * A notice as it is told: the data-loss clocks of jobs that wait in one outage, and that AWS says nothing of them, are told
   * in the thread of the outage, and not in one for each job. A job that the outage does not start calls for itself.
   */
  within(notice: Notice): Notice {
    const job = this.#policy && jobNamed(this.#policy, notice.job);
    if (!job || !this.#policy || !isGuest(notice)) return notice;
    const { applicationId } = job.match;
    const { correlated = usualCorrelation } = this.#policy.guardrails;
    const scope = { applicationId, withinMs: correlated.withinMs };
    const outage = this.#outages.find(
      (one) =>
        one.closedAtMs === undefined &&
        notice.isInLine === true &&
        this.#told.has(one.id) &&
        covers(one, notice, scope),
    );
    return outage ? { ...notice, within: outage.id } : notice;
  }

  /** People have a message of it already: it goes on there. */
  async #isKnown({ incidentId, id }: Notice): Promise<boolean> {
    if (this.#receivers.length === 0) return false;
    const read = await this.#ports.store.read(
      this.#receivers.map((receiver) => keys.thread(incidentId ?? id, receiver.name)),
    );
    return !read.ok || read.value.items.some((item) => (as('thread', item)?.posts.length ?? 0) > 0);
  }
}

/** What many jobs of one outage have to tell of at once. */
function isGuest({ event, reason }: Notice): boolean {
  return event === 'incident.needs-human' ? isClockReason(reason) : steps.has(event) && isUnanswered(reason);
}

/** Without a message of the outage there is no thread to put anything in: it is told by itself. */
async function toldOutages(
  ports: NotifyPorts,
  outages: readonly Outage[],
  receivers: readonly Receiver[],
): Promise<ReadonlySet<string>> {
  const asked = outages
    .filter(({ closedAtMs }) => closedAtMs === undefined)
    .flatMap(({ id }) => receivers.map(({ name }) => ({ id, key: keys.thread(id, name) })));
  if (asked.length === 0) return new Set();
  const read = await ports.store.read(asked.map(({ key }) => key));
  if (!read.ok) return new Set();
  const posted = asked.filter((_, index) => (as('thread', read.value.items[index])?.posts.length ?? 0) > 0);
  return new Set(posted.map(({ id }) => id));
}

/**
 * What the message of an outage tells as well: that a job failed and waits with the others, and that it is back. What holds
 * one job back, and what nobody else says of it, is told by itself.
 */
function isStep({ event, severity, isInLine, reason }: Notice): boolean {
  if (!steps.has(event) || severity === 'critical') return false;
  if (reason === 'retention-unknown' || reason === 'losses-unknown' || isUnanswered(reason)) return false;
  return isInLine === true || event === 'incident.recovered';
}

function covers(
  outage: Outage,
  notice: Notice,
  { applicationId, withinMs }: { readonly applicationId: string; readonly withinMs: number },
): boolean {
  const isOfClass = notice.class === outage.class;
  // What begins after it was over is told by itself, however alike it is.
  const isAfter = notice.opens === true && notice.atMs > (outage.closedAtMs ?? Number.POSITIVE_INFINITY);
  return (
    isOfClass && isInside(outage, applicationId) && !isAfter && notice.atMs >= outage.openedAtMs - withinMs
  );
}
