const newline = 0x0a;

/** The last bytes of a stream, and how many lines stood before them. Memory is bounded by twice what is kept. */
export class Tail {
  readonly #keptBytes: number;
  #chunks: Buffer[] = [];
  #bytes = 0;
  #linesBefore = 0;

  constructor(keptBytes: number) {
    this.#keptBytes = keptBytes;
  }

  push(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    if (this.#bytes > 2 * this.#keptBytes) this.#shorten();
  }

  /** `linesBefore`: lines that were read and not kept. A line that was cut at its start counts as kept. */
  text(): { readonly text: string; readonly linesBefore: number } {
    this.#shorten();
    return { text: Buffer.concat(this.#chunks).toString('utf8'), linesBefore: this.#linesBefore };
  }

  #shorten(): void {
    const all = Buffer.concat(this.#chunks);
    const from = Math.max(0, all.length - this.#keptBytes);
    for (let at = all.indexOf(newline); at >= 0 && at < from; at = all.indexOf(newline, at + 1))
      this.#linesBefore += 1;
    // A copy, so that the buffers behind it can go.
    this.#chunks = [Buffer.from(all.subarray(from))];
    this.#bytes = all.length - from;
  }
}
