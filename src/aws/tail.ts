const newline = 0x0a;

/** Where lines end, if they do: no secret is that long. */
const lineCharsMax = 16 * 1024;

/**
 * Of a text whose beginning was cut off, what begins after a cut: half a secret looks like none, and would be quoted.
 * Where no line ends for long, its next word.
 */
export function afterCut(text: string): string {
  const start = text.slice(0, lineCharsMax);
  const line = start.indexOf('\n');
  return text.slice(line >= 0 ? line + 1 : Math.max(0, start.search(/\s/)));
}

export function endOf(text: string, charsMax: number): string {
  return text.length > charsMax ? afterCut(text.slice(-charsMax)) : text;
}

/** The last bytes of a stream, and how many lines stood before them. Memory is bounded by twice what is kept. */
export class Tail {
  readonly #keptBytes: number;
  #chunks: Buffer[] = [];
  #bytes = 0;
  #linesBefore = 0;
  #hasDropped = false;

  constructor(keptBytes: number) {
    this.#keptBytes = keptBytes;
  }

  push(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    if (this.#bytes > 2 * this.#keptBytes) this.#shorten();
  }

  /** `linesBefore`: lines that were read and not kept. `isPart`: what was pushed began inside a line already. */
  text({ isPart = false } = {}): { readonly text: string; readonly linesBefore: number } {
    this.#shorten();
    const kept = Buffer.concat(this.#chunks).toString('utf8');
    if (!isPart && !this.#hasDropped) return { text: kept, linesBefore: 0 };
    const text = afterCut(kept);
    const cutLines = kept.length > text.length && kept[kept.length - text.length - 1] === '\n' ? 1 : 0;
    return { text, linesBefore: this.#linesBefore + cutLines };
  }

  #shorten(): void {
    const all = Buffer.concat(this.#chunks);
    const from = Math.max(0, all.length - this.#keptBytes);
    for (let at = all.indexOf(newline); at >= 0 && at < from; at = all.indexOf(newline, at + 1))
      this.#linesBefore += 1;
    this.#hasDropped ||= from > 0;
    // A copy, so that the buffers behind it can go.
    this.#chunks = [Buffer.from(all.subarray(from))];
    this.#bytes = all.length - from;
  }
}
