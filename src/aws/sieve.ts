import { StringDecoder } from 'node:string_decoder';

/** Lines kept before and after one that has a word: a warning goes over several. */
const linesBeforeMax = 3;
const linesAfterMax = 2;
/** A line is cut here, and one that never ends is many. */
const lineCharsMax = 4_000;
const keptCharsMax = 256 * 1024;

/** The lines of a stream that have one of some words, and a few around them. Memory is bounded whatever comes. */
export class Sieve {
  readonly #words: readonly string[];
  readonly #decoder = new StringDecoder('utf8');
  #rest = '';
  #isInside = false;
  #before: string[] = [];
  #after = 0;
  #kept: string[] = [];
  #chars = 0;
  #hasDropped = false;

  constructor(words: readonly string[]) {
    this.#words = words;
  }

  push(chunk: Buffer): void {
    const text = `${this.#rest}${this.#decoder.write(chunk)}`;
    // What begins inside a line may begin inside a secret, and half of one is not recognised.
    const lines = (this.#isInside ? text.slice(Math.max(0, text.search(/\s/))) : text).split('\n');
    this.#isInside = false;
    this.#rest = lines.pop() ?? '';
    for (const line of lines) this.#take(line);
    if (this.#rest.length <= lineCharsMax) return;
    this.#take(this.#rest);
    this.#rest = '';
    this.#isInside = true;
  }

  /** Whether there were more of them than are kept; the oldest were dropped. */
  get hasDropped(): boolean {
    return this.#hasDropped;
  }

  /** The newest of them. */
  text(): string {
    if (this.#rest !== '') this.#take(this.#rest);
    this.#rest = '';
    return this.#kept.join('\n');
  }

  #take(whole: string): void {
    const line = whole.length > lineCharsMax ? whole.slice(0, lineCharsMax) : whole;
    if (this.#words.some((word) => line.includes(word))) {
      for (const one of this.#before) this.#keep(one);
      this.#before = [];
      this.#keep(line);
      this.#after = linesAfterMax;
    } else if (this.#after > 0) {
      this.#after -= 1;
      this.#keep(line);
    } else {
      this.#before.push(line);
      if (this.#before.length > linesBeforeMax) this.#before.shift();
    }
  }

  #keep(line: string): void {
    this.#kept.push(line);
    this.#chars += line.length + 1;
    if (this.#chars > keptCharsMax) this.#hasDropped = true;
    while (this.#chars > keptCharsMax) this.#chars -= (this.#kept.shift()?.length ?? 0) + 1;
  }
}
