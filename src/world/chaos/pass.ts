import type { VirtualTime } from '../virtual-time.ts';
import type { Faults } from './faults.ts';

/** How far a clock may be off while Checkpilot acts: well inside its bound of 5 s, as the service's own date has whole seconds. */
const skewSafeMs = 4_000;

/** World times at which the policy and the fleet's switches were read last. */
export interface Known {
  readonly policyReadAtMs: number;
  readonly controlReadAtMs: number;
}

/**
 * One invocation of a function. It may be killed or frozen before and after every await; a frozen one goes on
 * later with the values that it had, while the world has moved.
 */
export class Pass {
  readonly id: number;
  readonly kind: 'reconcile' | 'sweep' | 'release' | 'notify';
  readonly skewMs: number;
  readonly death: Promise<'dead'>;
  job: string | undefined;
  /** World time at which this pass read the policy and the fleet's switches last. */
  policyReadAtMs = Number.NEGATIVE_INFINITY;
  controlReadAtMs = Number.NEGATIVE_INFINITY;
  /** What it has read up to now; a command that is sent now can heed no more than that. */
  get known(): Known {
    return { policyReadAtMs: this.policyReadAtMs, controlReadAtMs: this.controlReadAtMs };
  }

  /** Runs that the listings of this pass showed. */
  readonly listed = new Set<string>();
  #isDead = false;
  #kill: () => void = () => {};

  constructor(id: number, kind: Pass['kind'], skewMs: number) {
    this.id = id;
    this.kind = kind;
    this.skewMs = skewMs;
    this.death = new Promise((resolve) => {
      this.#kill = () => resolve('dead');
    });
  }

  get isDead(): boolean {
    return this.#isDead;
  }

  /** Ends the pass at the await where it stands: nothing of it runs any more. */
  kill(): void {
    this.#isDead = true;
    this.#kill();
  }

  /** What may come between two lines of a pass. Calls take a moment, so that passes meet in each other's middle. */
  async interrupt(time: VirtualTime, faults: Faults): Promise<void> {
    if (this.#isDead) return never();
    const fault = faults.strikesOne('crash', 'freeze');
    if (fault === 'crash') {
      this.kill();
      return never();
    }
    if (fault === 'freeze') await time.sleep(frozenMs(faults));
    if (this.#isDead) return never();
  }
}

/** Most freezes end within the life of a claim; some last for hours, which is what a zombie is. */
function frozenMs({ random }: Faults): number {
  const drawn = random.next();
  if (drawn < 0.5) return Math.round(random.between(1_000, 20_000));
  if (drawn < 0.8) return Math.round(random.between(20_000, 200_000));
  return Math.round(random.between(200_000, drawn < 0.95 ? 1_800_000 : 9_000_000));
}

export function drawSkewMs(faults: Faults): number {
  const { random } = faults;
  if (faults.strikes('clock-wrong')) {
    const byMs = random.chance(0.5) ? random.between(7_000, 60_000) : random.between(60_000, 7_200_000);
    return Math.round(random.chance(0.5) ? byMs : -byMs);
  }
  if (!faults.strikes('clock-differs')) return 0;
  // The ends of what is allowed matter most: two passes may differ by twice as much.
  if (random.chance(0.5)) return random.chance(0.5) ? skewSafeMs : -skewSafeMs;
  return Math.round(random.between(-skewSafeMs, skewSafeMs));
}

function never<T>(): Promise<T> {
  return new Promise(() => {});
}
