import type { Answer, Log, WakeQueue } from '../control/ports.ts';
import { parseWake } from '../events/wake.ts';

/** Messages that were received a dozen times in vain. */
export interface DeadLetters {
  /** Up to ten of them, hidden from others for a while. */
  receive(): Promise<Answer<readonly DeadLetter[]>>;
  delete(letter: DeadLetter): Promise<Answer<void>>;
}

export interface DeadLetter {
  readonly body: string;
  readonly receipt: string;
}

/**
 * Gives dead wakes another dozen tries: what they died of, a table or a service that was down for hours, may be over.
 * What cannot be read as a wake stays, for the alarm on the queue and for a person. Returns how many went back.
 */
export async function redrive(ports: {
  readonly deadLetters: DeadLetters;
  readonly wakes: WakeQueue;
  readonly log: Log;
}): Promise<number> {
  const received = await ports.deadLetters.receive();
  if (!received.ok) {
    ports.log.warn('dead letters not read', { why: received.message });
    return 0;
  }
  let redriven = 0;
  for (const letter of received.value) {
    const wake = parseWake(letter.body);
    if (!wake.ok) continue;
    // Sent before it is deleted: a wake that comes twice is one more look, one that is lost may be a job that is down.
    const sent = await ports.wakes.send([{ wake: wake.value, delaySeconds: 0 }]);
    if (!sent.ok) break;
    await ports.deadLetters.delete(letter);
    redriven += 1;
  }
  if (redriven > 0) ports.log.warn('dead letters sent back to the wake queue', { count: redriven });
  return redriven;
}
