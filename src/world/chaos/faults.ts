import type { Random } from '../random.ts';

/** Everything that goes wrong on purpose; each injection is counted under its name. */
export const faultKinds = [
  'signal-lost',
  'signal-doubled',
  'signal-late',
  'signal-reordered',
  'two-passes-at-once',
  'call-throttled',
  'call-unavailable',
  'start-ambiguous-after-effect',
  'start-ambiguous-without-effect',
  'start-late-packet',
  'start-sent-twice',
  'cancel-ambiguous-after-effect',
  'cancel-late-packet',
  'commit-unavailable-after-effect',
  'commit-unavailable-without-effect',
  'store-unavailable',
  'list-stale',
  'token-forgotten',
  'queue-unavailable',
  'checkpoint-unreadable',
  'notice-not-delivered',
  'policy-unavailable',
  'crash',
  'freeze',
  'clock-differs',
  'clock-wrong',
  'person-starts',
  'person-cancels',
  'kill-switch',
  'fleet-pause',
  'job-pause',
  'policy-changed',
  'plan-answered',
  'person-orders',
] as const;

export type FaultKind = (typeof faultKinds)[number];

/** Probability per chance to fail: one message, one call, one pass. */
export type FaultRates = Readonly<Record<FaultKind, number>>;

/** Highest probabilities drawn; what happens once per call must be rare, or no pass would ever end. */
const highest: FaultRates = {
  'signal-lost': 0.3,
  'signal-doubled': 0.2,
  'signal-late': 0.1,
  'signal-reordered': 0.2,
  'two-passes-at-once': 0.15,
  'call-throttled': 0.06,
  'call-unavailable': 0.04,
  'start-ambiguous-after-effect': 0.25,
  'start-ambiguous-without-effect': 0.15,
  'start-late-packet': 0.25,
  'start-sent-twice': 0.2,
  'cancel-ambiguous-after-effect': 0.3,
  'cancel-late-packet': 0.2,
  'commit-unavailable-after-effect': 0.04,
  'commit-unavailable-without-effect': 0.03,
  'store-unavailable': 0.01,
  'list-stale': 0.5,
  'token-forgotten': 0,
  'queue-unavailable': 0.04,
  'checkpoint-unreadable': 0.03,
  'notice-not-delivered': 0.1,
  'policy-unavailable': 0.02,
  crash: 0.006,
  freeze: 0.006,
  'clock-differs': 1,
  'clock-wrong': 0.02,
  // Those of people are numbers of deeds in one schedule, drawn by the scenario.
  'person-starts': 0,
  'person-cancels': 0,
  'kill-switch': 0,
  'fleet-pause': 0,
  'job-pause': 0,
  'policy-changed': 0,
  'plan-answered': 0,
  'person-orders': 0,
};

/** Each seed has its own weather: a quarter of the kinds is off, the others are drawn up to their highest. */
export function drawRates(random: Random): FaultRates {
  const entries = faultKinds.map((kind) => {
    const isOn = random.chance(0.75);
    return [kind, isOn ? highest[kind] * random.next() ** 2 : 0] as const;
  });
  const rates = Object.fromEntries(entries) as Record<FaultKind, number>;
  // Clocks are wrong for all or for none, so some fleets have no two that agree.
  return random.chance(0.15) ? { ...rates, 'clock-differs': 1 } : rates;
}

/** Decides whether a fault happens now, and counts those that do. */
export class Faults {
  readonly counts = new Map<FaultKind, number>();
  readonly random: Random;
  #rates: FaultRates;
  #areOn = true;

  constructor(random: Random, rates: FaultRates) {
    this.random = random;
    this.#rates = rates;
  }

  get areOn(): boolean {
    return this.#areOn;
  }

  /** From here on nothing new goes wrong. What is under way – a packet, a frozen pass – stays under way. */
  stop(): void {
    this.#areOn = false;
  }

  strikes(kind: FaultKind): boolean {
    const rate = this.#rates[kind];
    if (!this.#areOn || rate === 0 || this.random.next() >= rate) return false;
    this.count(kind);
    return true;
  }

  /** One draw for several faults that exclude each other: the cheap form for what is asked at every call. */
  strikesOne(first: FaultKind, second: FaultKind): FaultKind | undefined {
    if (!this.#areOn) return undefined;
    const drawn = this.random.next();
    const limit = this.#rates[first];
    const kind = drawn < limit ? first : drawn < limit + this.#rates[second] ? second : undefined;
    if (kind !== undefined) this.count(kind);
    return kind;
  }

  count(kind: FaultKind): void {
    this.counts.set(kind, (this.counts.get(kind) ?? 0) + 1);
  }
}
