import { createHash } from 'node:crypto';
import type { Clock } from './http-server.ts';

// The SQS developer guide, "Exactly-once processing": a deduplication id is remembered for five minutes.
const deduplicationMs = 5 * 60 * 1000;

export interface QueueOptions {
  name: string;
  clock: Clock;
  isFifo?: boolean;
  /** For receives that name none; 30 s unless told, as in SQS. */
  visibilityTimeoutMs?: number;
  /** Where a message goes instead of being received once more than `receivesMax` times. */
  redrive?: { receivesMax: number; deadLetters: Queue };
}

export interface NewMessage {
  body: string;
  delayMs?: number;
  groupId?: string;
  /** On a FIFO queue: a second message with it is dropped for five minutes. */
  deduplicationId?: string;
}

export interface Message {
  messageId: string;
  /** Names this receive; a later receive of the same message makes it stale. */
  receiptHandle: string;
  body: string;
  sentAtMs: number;
  firstReceivedAtMs: number;
  /** Counts this receive. */
  receiveCount: number;
  groupId?: string;
  deduplicationId?: string;
  /** Counts up through the queue. */
  sequenceNumber: string;
}

interface Stored extends Omit<Message, 'receiptHandle' | 'firstReceivedAtMs'> {
  firstReceivedAtMs: number | undefined;
  visibleAtMs: number;
}

/**
 * One queue in memory, on the clock it is given. Messages are received in the order they were sent. While a
 * group of a FIFO queue has messages in flight, no other of that group is received; one receive may return
 * several of a group, in order, as in SQS. Messages are kept until they are deleted: retention is not modelled.
 */
export class Queue {
  readonly name: string;
  readonly isFifo: boolean;
  readonly visibilityTimeoutMs: number;
  readonly redrive: { receivesMax: number; deadLetters: Queue } | undefined;
  readonly #clock: Clock;
  // In the order of sending, which is the order of insertion.
  readonly #messages = new Map<string, Stored>();
  // In the order of sending too, so the oldest come first.
  readonly #deduplications = new Map<string, { stored: Stored; atMs: number }>();
  readonly #listeners = new Set<() => void>();
  #sent = 0;

  constructor(options: QueueOptions) {
    this.name = options.name;
    this.isFifo = options.isFifo ?? false;
    this.visibilityTimeoutMs = options.visibilityTimeoutMs ?? 30_000;
    this.redrive = options.redrive;
    this.#clock = options.clock;
  }

  get deadLetters(): Queue | undefined {
    return this.redrive?.deadLetters;
  }

  /** Says which message it became, or, for a duplicate on a FIFO queue, which one it repeats. */
  send(message: NewMessage): { messageId: string; sequenceNumber: string } {
    const nowMs = this.#clock.now();
    const id = this.isFifo ? message.deduplicationId : undefined;
    const earlier = id === undefined ? undefined : this.#deduplicated(id, nowMs);
    if (earlier) return earlier;

    const { delayMs, ...rest } = message;
    const stored: Stored = {
      ...rest,
      ...this.#nextIdentity(),
      sentAtMs: nowMs,
      firstReceivedAtMs: undefined,
      receiveCount: 0,
      visibleAtMs: nowMs + (delayMs ?? 0),
    };
    this.#messages.set(stored.messageId, stored);
    if (id !== undefined) this.#deduplications.set(id, { stored, atMs: nowMs });
    this.#notify();
    return stored;
  }

  /** Messages received too often already move to the dead letters here, and are not returned. */
  receive(max: number, visibilityTimeoutMs = this.visibilityTimeoutMs): Message[] {
    const nowMs = this.#clock.now();
    const blockedGroups = this.#groupsInFlight(nowMs);
    const received: Message[] = [];
    for (const stored of [...this.#messages.values()]) {
      if (received.length === max) break;
      if (stored.visibleAtMs > nowMs || this.#isBlocked(stored, blockedGroups)) continue;
      if (this.redrive && stored.receiveCount >= this.redrive.receivesMax)
        this.#bury(stored, this.redrive.deadLetters);
      else received.push(take(stored, nowMs, visibilityTimeoutMs));
    }
    return received;
  }

  /** False when the receipt is stale: the message is gone, was received again since, or (FIFO) is visible again. */
  delete(receiptHandle: string): boolean {
    const stored = this.#find(receiptHandle);
    if (stored === undefined) return false;
    this.#messages.delete(stored.messageId);
    this.#notify();
    return true;
  }

  /** Ends or moves the time in flight: visible again `delayMs` from now. False when the receipt is stale. */
  makeVisible(receiptHandle: string, delayMs: number): boolean {
    const stored = this.#find(receiptHandle);
    if (stored === undefined) return false;
    stored.visibleAtMs = this.#clock.now() + delayMs;
    this.#notify();
    return true;
  }

  /** When the next receive may find something; not after now if there is something already. */
  nextVisibleAtMs(): number | undefined {
    const groups = this.#groupsInFlight(this.#clock.now());
    const times = [...this.#messages.values()].map((stored) => {
      const groupFreeAtMs = this.isFifo ? groups.get(stored.groupId ?? '') : undefined;
      return Math.max(stored.visibleAtMs, groupFreeAtMs ?? 0);
    });
    return times.length === 0 ? undefined : times.reduce((soonest, atMs) => Math.min(soonest, atMs));
  }

  /** Called whenever something may have become receivable sooner. Returns the way to stop it. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Visible, received and not yet deleted, and delayed messages. */
  counts(): { visible: number; inFlight: number; delayed: number } {
    const nowMs = this.#clock.now();
    const counts = { visible: 0, inFlight: 0, delayed: 0 };
    for (const stored of this.#messages.values()) {
      if (stored.visibleAtMs <= nowMs) counts.visible += 1;
      else if (stored.receiveCount > 0) counts.inFlight += 1;
      else counts.delayed += 1;
    }
    return counts;
  }

  #deduplicated(id: string, nowMs: number): Stored | undefined {
    for (const [old, { atMs }] of this.#deduplications) {
      if (atMs + deduplicationMs > nowMs) break;
      this.#deduplications.delete(old);
    }
    return this.#deduplications.get(id)?.stored;
  }

  // Counted and not drawn, so that a run with the same inputs has the same ids.
  #nextIdentity(): { messageId: string; sequenceNumber: string } {
    this.#sent += 1;
    const hash = createHash('md5').update(`${this.name}#${this.#sent}`).digest('hex');
    const messageId = hash.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
    return { messageId, sequenceNumber: String(this.#sent).padStart(20, '0') };
  }

  // Groups with a message in flight, and when the last of those is visible again.
  #groupsInFlight(nowMs: number): Map<string, number> {
    const groups = new Map<string, number>();
    if (!this.isFifo) return groups;
    for (const { groupId = '', receiveCount, visibleAtMs } of this.#messages.values()) {
      if (receiveCount > 0 && visibleAtMs > nowMs) {
        groups.set(groupId, Math.max(visibleAtMs, groups.get(groupId) ?? 0));
      }
    }
    return groups;
  }

  #isBlocked(stored: Stored, groups: ReadonlyMap<string, number>): boolean {
    return this.isFifo && groups.has(stored.groupId ?? '');
  }

  // SQS keeps the id of a message that it moves.
  #bury(stored: Stored, deadLetters: Queue): void {
    this.#messages.delete(stored.messageId);
    deadLetters.#messages.set(stored.messageId, {
      ...stored,
      receiveCount: 0,
      visibleAtMs: this.#clock.now(),
    });
    deadLetters.#notify();
  }

  #find(receiptHandle: string): Stored | undefined {
    const receipt = parseReceipt(receiptHandle);
    const stored = receipt && this.#messages.get(receipt.messageId);
    if (stored === undefined || stored.receiveCount !== receipt?.receiveCount) return undefined;
    // On a FIFO queue a receipt ends with the time in flight, on a standard queue with the next receive.
    return this.isFifo && stored.visibleAtMs <= this.#clock.now() ? undefined : stored;
  }

  #notify(): void {
    for (const listener of [...this.#listeners]) listener();
  }
}

/** Undefined when the text was never a receipt. */
export function parseReceipt(receiptHandle: string): { messageId: string; receiveCount: number } | undefined {
  const parts = /^([0-9a-f-]{36})\.(\d+)$/.exec(receiptHandle);
  const [, messageId, receiveCount] = parts ?? [];
  if (messageId === undefined || receiveCount === undefined) return undefined;
  return { messageId, receiveCount: Number(receiveCount) };
}

function take(stored: Stored, nowMs: number, visibilityTimeoutMs: number): Message {
  stored.receiveCount += 1;
  stored.firstReceivedAtMs ??= nowMs;
  stored.visibleAtMs = nowMs + visibilityTimeoutMs;
  const { visibleAtMs: _visibleAtMs, ...message } = stored;
  return {
    ...message,
    firstReceivedAtMs: stored.firstReceivedAtMs,
    receiptHandle: `${stored.messageId}.${stored.receiveCount}`,
  };
}
