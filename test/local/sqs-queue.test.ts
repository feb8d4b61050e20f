import { describe, expect, it } from 'vitest';
import { Queue } from '../../src/local/sqs-queue.ts';
import { ManualClock } from './clients.ts';

function standard() {
  const clock = new ManualClock();
  return { clock, queue: new Queue({ name: 'wake', clock }) };
}

function fifo() {
  const clock = new ManualClock();
  const queue = new Queue({ name: 'release.fifo', clock, isFifo: true });
  const send = (groupId: string, id: string) => queue.send({ body: id, groupId, deduplicationId: id });
  return { clock, queue, send };
}

const bodies = (messages: { body: string }[]) => messages.map((message) => message.body);
const receipt = (messages: { receiptHandle: string }[]) => messages[0]?.receiptHandle ?? '';

describe('a queue in process', () => {
  it('says when the next message can be received', () => {
    const { clock, queue } = standard();
    const startMs = clock.now();
    expect(queue.nextVisibleAtMs()).toBeUndefined();

    queue.send({ body: 'late', delayMs: 9000 });
    queue.send({ body: 'soon', delayMs: 5000 });
    expect(queue.nextVisibleAtMs()).toBe(startMs + 5000);

    clock.advance(6000);
    expect(bodies(queue.receive(10, 1000))).toEqual(['soon']);
    expect(queue.nextVisibleAtMs()).toBe(startMs + 7000);
  });

  it('makes a message visible when it is told to', () => {
    const { clock, queue } = standard();
    queue.send({ body: 'm' });
    const first = receipt(queue.receive(1, 60_000));

    expect(queue.makeVisible(first, 2000)).toBe(true);
    expect(queue.receive(1)).toEqual([]);
    clock.advance(2000);

    expect(queue.receive(1)).toMatchObject([{ body: 'm', receiveCount: 2 }]);
    expect(queue.makeVisible(first, 0)).toBe(false);
    expect(queue.delete(first)).toBe(false);
  });

  it('tells its listeners of sends, deletes and changed visibility until they stop listening', () => {
    const { queue } = standard();
    let changes = 0;
    const stop = queue.onChange(() => {
      changes += 1;
    });

    queue.send({ body: 'm' });
    const handle = receipt(queue.receive(1));
    queue.makeVisible(handle, 5000);
    queue.delete(handle);
    stop();
    queue.send({ body: 'n' });

    expect(changes).toBe(3);
  });

  it('tells the listeners of the dead letters when a message arrives there', () => {
    const clock = new ManualClock();
    const deadLetters = new Queue({ name: 'dead', clock });
    const queue = new Queue({ name: 'wake', clock, redrive: { receivesMax: 1, deadLetters } });
    let arrivals = 0;
    deadLetters.onChange(() => {
      arrivals += 1;
    });
    queue.send({ body: 'poison' });

    queue.makeVisible(receipt(queue.receive(1)), 0);
    const again = queue.receive(1);

    expect({ again, arrivals }).toEqual({ again: [], arrivals: 1 });
    expect(bodies(queue.deadLetters?.receive(1) ?? [])).toEqual(['poison']);
    expect(queue.nextVisibleAtMs()).toBeUndefined();
  });

  it('names its messages the same in every run', () => {
    const ids = [standard(), standard()].map(({ queue }) => queue.send({ body: 'm' }).messageId);

    expect(ids[0]).toBe(ids[1]);
    expect(ids[0]).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/);
  });
});

describe('the groups of a FIFO queue', () => {
  it('keep their order when a message comes back', () => {
    const { clock, queue, send } = fifo();
    send('a', 'a1');
    send('a', 'a2');

    queue.receive(1, 10_000);
    clock.advance(10_000);

    expect(bodies(queue.receive(10))).toEqual(['a1', 'a2']);
  });

  it('wait until the last message in flight is deleted or visible', () => {
    const { clock, queue, send } = fifo();
    const startMs = clock.now();
    for (const id of ['a1', 'a2', 'a3']) send('a', id);
    const [first, second] = queue.receive(2, 10_000);

    queue.delete(second?.receiptHandle ?? '');
    expect(queue.receive(10)).toEqual([]);
    expect(queue.nextVisibleAtMs()).toBe(startMs + 10_000);

    queue.delete(first?.receiptHandle ?? '');
    expect(queue.nextVisibleAtMs()).toBe(startMs);
    expect(bodies(queue.receive(10))).toEqual(['a3']);
  });

  it('stay blocked while a failed message is held back', () => {
    const { clock, queue, send } = fifo();
    send('a', 'a1');
    send('a', 'a2');
    send('b', 'b1');

    queue.makeVisible(receipt(queue.receive(1)), 7000);

    expect(bodies(queue.receive(10))).toEqual(['b1']);
    clock.advance(7000);
    expect(bodies(queue.receive(10))).toEqual(['a1', 'a2']);
  });

  it('do not accept a receipt whose time in flight is over', () => {
    const { clock, queue, send } = fifo();
    send('a', 'a1');
    const handle = receipt(queue.receive(1, 10_000));

    clock.advance(10_000);

    expect(queue.delete(handle)).toBe(false);
    expect(bodies(queue.receive(1))).toEqual(['a1']);
  });
});
