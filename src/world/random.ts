const ALPHABET = '0123456789abcdefghijklmnopqrstuvwxyz';

/** 95th percentile of the standard normal distribution. */
const NORMAL_P95 = 1.6448536269514722;

/**
 * Seeded random numbers (sfc32 over a hash of the seed): the same seed gives the same stream on every machine.
 * Not for secrets.
 */
export class Random {
  readonly seed: string;
  readonly #state: Uint32Array;

  constructor(seed: string | number) {
    this.seed = String(seed);
    this.#state = stateFrom(this.seed);
    // sfc32 needs a few rounds before a weak seed is mixed into all of its state.
    for (let round = 0; round < 12; round += 1) this.next();
  }

  /** A stream that depends on the seed and the label only, not on what was drawn before. */
  fork(label: string): Random {
    return new Random(`${this.seed}/${label}`);
  }

  /** In [0, 1). */
  next(): number {
    const s = this.#state;
    const [a, b, c, d] = [s[0] ?? 0, s[1] ?? 0, s[2] ?? 0, s[3] ?? 0];
    const sum = (a + b + d) >>> 0;
    s[3] = d + 1;
    s[0] = b ^ (b >>> 9);
    s[1] = c + (c << 3);
    s[2] = ((c << 21) | (c >>> 11)) + sum;
    return sum / 2 ** 32;
  }

  /** In [low, high). */
  between(low: number, high: number): number {
    return low + (high - low) * this.next();
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  /** Throws on an empty list. */
  pick<T>(items: readonly T[]): T {
    const item = items[Math.floor(this.next() * items.length)];
    if (item === undefined) throw new RangeError('Cannot pick from an empty list');
    return item;
  }

  /** Positive, skewed to the right, with the given median and 95th percentile. */
  logNormal({ median, p95 }: { median: number; p95: number }): number {
    const sigma = Math.log(p95 / median) / NORMAL_P95;
    return median * Math.exp(sigma * this.#normal());
  }

  /** `length` characters of 0-9a-z. */
  letters(length: number): string {
    return Array.from({ length }, () => ALPHABET[Math.floor(this.next() * ALPHABET.length)]).join('');
  }

  uuid(): string {
    const hex = Array.from({ length: 32 }, () => Math.floor(this.next() * 16).toString(16)).join('');
    return [0, 8, 12, 16, 20].map((from, index, all) => hex.slice(from, all[index + 1])).join('-');
  }

  /** Box and Muller's transform; 1 - next() keeps the logarithm finite. */
  #normal(): number {
    const radius = Math.sqrt(-2 * Math.log(1 - this.next()));
    return radius * Math.cos(2 * Math.PI * this.next());
  }
}

/** Four words from a string: FNV-1a with four different starts. */
function stateFrom(seed: string): Uint32Array {
  return Uint32Array.from([0x811c9dc5, 0x9e3779b9, 0x243f6a88, 0xb7e15162], (start) => {
    let hash = start;
    for (const character of seed) {
      hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193);
      hash ^= hash >>> 13;
    }
    return hash;
  });
}
