import { AsyncLocalStorage } from 'node:async_hooks';
import { EventQueue } from './event-queue.ts';

type Callback = () => void | Promise<void>;

/** A hold taken by `holding`: known to everything that runs inside it, so its sleeps are accounted exactly. */
interface ScopedHold {
  isOpen: boolean;
  sleepers: number;
  /** The hold around it, which waits for this one and so sleeps when it does. */
  readonly outer: ScopedHold | undefined;
}

/**
 * World time in milliseconds since the epoch. It stands still while anything is in flight (an open hold), and
 * otherwise jumps to the next event; events of the same instant fire in the order in which they were added.
 *
 * A wait inside `holding` or inside an async callback gives that hold, and those around it, up while it sleeps. Elsewhere `sleep`
 * gives up any one open hold, which is exact when the sleeper is a sequential holder itself: only the number
 * of holds matters, the holder's own one is among them, and it takes one back before its next line runs. A
 * time-out must be an `after` that is cancelled, never a `sleep` in a race: the race would let time run while
 * the other side works.
 */
export class VirtualTime {
  readonly #queue = new EventQueue<Callback>();
  readonly #scope = new AsyncLocalStorage<ScopedHold>();
  #nowMs: number;
  #inFlight = 0;
  #failure: { error: unknown } | undefined;
  #wakeRunner: (() => void) | undefined;

  constructor(startMs: number) {
    this.#nowMs = startMs;
  }

  now(): number {
    return this.#nowMs;
  }

  /** Calls `fn` at `timeMs`, or at the current instant if that has passed. Returns its cancellation. */
  at(timeMs: number, fn: Callback): () => void {
    return this.#queue.add(Math.max(timeMs, this.#nowMs), fn);
  }

  after(ms: number, fn: Callback): () => void {
    return this.at(this.#nowMs + Math.max(0, ms), fn);
  }

  /** Stops time until the returned function is called; calling it again changes nothing. */
  hold(): () => void {
    let isOpen = true;
    this.#inFlight += 1;
    return () => {
      if (!isOpen) return;
      isOpen = false;
      this.#landed();
    };
  }

  /** Runs `work` under a hold of its own; `sleep` anywhere inside lets go of it and of those that wait for it. */
  async holding<T>(work: () => Promise<T>): Promise<T> {
    const own = this.#open(this.#scope.getStore());
    try {
      return await this.#scope.run(own, work);
    } finally {
      this.#close(own);
    }
  }

  /**
   * Resolves `ms` of world time later. `awaitedBy` counts the further holders that can only wait for this sleeper:
   * 1 for a server that takes its time over a request which a handler awaits. Their holds sleep too.
   */
  sleep(ms: number, { awaitedBy = 0 }: { awaitedBy?: number } = {}): Promise<void> {
    const takeBack = this.#letGo(awaitedBy);
    return new Promise((resolve) => {
      this.after(ms, () => {
        takeBack();
        resolve();
      });
    });
  }

  /** Plays every event up to and including `untilMs` and ends there. An error of a callback ends it too. */
  run(options: { untilMs: number }): Promise<void> {
    return this.runWhile(() => true, options);
  }

  /** As `run`, and stops at the first instant in which `condition` is false. */
  async runWhile(condition: () => boolean, { untilMs }: { untilMs: number }): Promise<void> {
    while (true) {
      await settle();
      this.#throwFailure();
      if (!condition()) return;
      if (this.#inFlight > 0) {
        await new Promise<void>((resolve) => {
          this.#wakeRunner = resolve;
        });
        continue;
      }
      const next = this.#queue.takeUntil(untilMs);
      if (next === undefined) {
        this.#nowMs = Math.max(this.#nowMs, untilMs);
        return;
      }
      this.#nowMs = next.timeMs;
      this.#fire(next.item);
    }
  }

  /** Runs a callback under a hold of its own, which ends with it or with its promise. */
  #fire(fn: Callback): void {
    const own = this.#open();
    const fail = (error: unknown): void => {
      this.#failure ??= { error };
    };
    try {
      const settled = this.#scope.run(own, fn);
      if (settled instanceof Promise) settled.catch(fail).finally(() => this.#close(own));
      else this.#close(own);
    } catch (error) {
      fail(error);
      this.#close(own);
    }
  }

  #open(outer?: ScopedHold): ScopedHold {
    this.#inFlight += 1;
    return { isOpen: true, sleepers: 0, outer };
  }

  #close(own: ScopedHold): void {
    own.isOpen = false;
    if (own.sleepers === 0) this.#landed();
  }

  /** Gives up the hold that a sleeper has, if any, and `others`; the returned function takes them back. */
  #letGo(others: number): () => void {
    const own = this.#scope.getStore();
    if (!own?.isOpen) return this.#letGoOfAny(1 + others);
    const takeOthersBack = this.#letGoOfAny(Math.min(others, this.#inFlight - 1));
    const asleep = withOuter(own);
    for (const hold of asleep) {
      hold.sleepers += 1;
      if (hold.sleepers === 1) this.#landed();
    }
    return () => {
      takeOthersBack();
      for (const hold of asleep) {
        hold.sleepers -= 1;
        if (hold.isOpen && hold.sleepers === 0) this.#inFlight += 1;
      }
    };
  }

  #letGoOfAny(wanted: number): () => void {
    const count = Math.max(0, Math.min(wanted, this.#inFlight));
    for (let released = 0; released < count; released += 1) this.#landed();
    return () => {
      this.#inFlight += count;
    };
  }

  #landed(): void {
    this.#inFlight -= 1;
    if (this.#inFlight > 0) return;
    this.#wakeRunner?.();
    this.#wakeRunner = undefined;
  }

  #throwFailure(): void {
    if (this.#failure === undefined) return;
    const { error } = this.#failure;
    this.#failure = undefined;
    throw error;
  }
}

function withOuter(own: ScopedHold): ScopedHold[] {
  const holds: ScopedHold[] = [];
  for (let hold: ScopedHold | undefined = own; hold?.isOpen; hold = hold.outer) holds.push(hold);
  return holds;
}

/** Lets everything that is ready run before time moves: all microtasks, then one turn of the event loop. */
function settle(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
