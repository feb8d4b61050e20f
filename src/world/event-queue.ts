interface Entry<T> {
  timeMs: number;
  sequence: number;
  item: T;
  isCancelled: boolean;
}

/** Items by time, and by order of insertion within the same millisecond: a binary heap. */
export class EventQueue<T> {
  readonly #heap: Entry<T>[] = [];
  #added = 0;

  /** Returns the item's cancellation. */
  add(timeMs: number, item: T): () => void {
    const entry: Entry<T> = { timeMs, sequence: this.#added, item, isCancelled: false };
    this.#added += 1;
    this.#heap.push(entry);
    this.#rise(this.#heap.length - 1);
    return () => {
      // It stays in the heap and is dropped when its turn comes: cancelling is common and must be cheap.
      entry.isCancelled = true;
    };
  }

  /** Removes and returns the first item if it is due at `untilMs` or before. */
  takeUntil(untilMs: number): { timeMs: number; item: T } | undefined {
    while (true) {
      const first = this.#heap[0];
      if (first === undefined) return undefined;
      if (!first.isCancelled && first.timeMs > untilMs) return undefined;
      this.#removeFirst();
      if (!first.isCancelled) return { timeMs: first.timeMs, item: first.item };
    }
  }

  #removeFirst(): void {
    const last = this.#heap.pop();
    if (last === undefined || this.#heap.length === 0) return;
    this.#heap[0] = last;
    this.#sink(0);
  }

  #rise(start: number): void {
    let index = start;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (!this.#swapIfBefore(index, parent)) return;
      index = parent;
    }
  }

  #sink(start: number): void {
    let index = start;
    while (true) {
      const left = 2 * index + 1;
      const child = this.#isBefore(left + 1, left) ? left + 1 : left;
      if (!this.#swapIfBefore(child, index)) return;
      index = child;
    }
  }

  #isBefore(a: number, b: number): boolean {
    const [left, right] = [this.#heap[a], this.#heap[b]];
    if (left === undefined || right === undefined) return false;
    return left.timeMs < right.timeMs || (left.timeMs === right.timeMs && left.sequence < right.sequence);
  }

  #swapIfBefore(a: number, b: number): boolean {
    if (!this.#isBefore(a, b)) return false;
    const [left, right] = [this.#heap[a], this.#heap[b]];
    if (left === undefined || right === undefined) return false;
    this.#heap[a] = right;
    this.#heap[b] = left;
    return true;
  }
}
