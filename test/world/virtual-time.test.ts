import { setTimeout as realSleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { VirtualTime } from '../../src/world/virtual-time.ts';

describe('VirtualTime', () => {
  it('fires events in the order of their times, and in the order of insertion within one instant', async () => {
    const time = new VirtualTime(0);
    const fired: string[] = [];
    for (const [atMs, name] of [
      [30, 'd'],
      [10, 'a'],
      [20, 'b'],
      [20, 'c'],
      [10, 'a2'],
    ] as const) {
      time.at(atMs, () => {
        fired.push(`${name}@${time.now()}`);
      });
    }
    await time.run({ untilMs: 100 });
    expect(fired).toEqual(['a@10', 'a2@10', 'b@20', 'c@20', 'd@30']);
    expect(time.now()).toBe(100);
  });

  it('does not fire what was cancelled, nor what lies behind the end', async () => {
    const time = new VirtualTime(0);
    let fired = 0;
    const count = (): void => {
      fired += 1;
    };
    time.after(10, count)();
    time.after(101, count);
    await time.run({ untilMs: 100 });
    expect(fired).toBe(0);
    await time.run({ untilMs: 101 });
    expect(fired).toBe(1);
  });
});

describe('VirtualTime under holds', () => {
  it('stands still while a hold is open, and a second release changes nothing', async () => {
    const time = new VirtualTime(0);
    const [first, second] = [time.hold(), time.hold()];
    let firedAtMs: number | undefined;
    time.after(5, () => {
      firedAtMs = time.now();
    });
    const running = time.run({ untilMs: 10 });
    await realSleep(5);
    first();
    first();
    await realSleep(5);
    expect(firedAtMs).toBeUndefined();
    second();
    await running;
    expect(firedAtMs).toBe(5);
  });

  it('holds time while an async callback waits for something real', async () => {
    const time = new VirtualTime(0);
    const seen: number[] = [];
    time.at(1, async () => {
      await realSleep(5);
      seen.push(time.now());
    });
    time.at(2, () => {
      seen.push(time.now());
    });
    await time.run({ untilMs: 3 });
    expect(seen).toEqual([1, 2]);
  });

  it('gives up exactly the hold of the work that sleeps', async () => {
    const time = new VirtualTime(0);
    const seen: string[] = [];
    const invocation = (name: string, sleepMs: number) =>
      time.holding(async () => {
        await time.sleep(sleepMs);
        await realSleep(3);
        seen.push(`${name}@${time.now()}`);
      });
    const both = Promise.all([invocation('long', 20), invocation('short', 10)]);
    await time.run({ untilMs: 30 });
    await both;
    expect(seen).toEqual(['short@10', 'long@20']);
  });

  it('lets a bare holder sleep, and holds time again when it wakes', async () => {
    const time = new VirtualTime(0);
    const seen: number[] = [];
    const release = time.hold();
    const work = (async () => {
      await time.sleep(10);
      await realSleep(3);
      seen.push(time.now());
      release();
    })();
    await time.run({ untilMs: 30 });
    await work;
    expect(seen).toEqual([10]);
  });
});

describe('VirtualTime and what it calls', () => {
  it('lets a handler sleep inside the callback that waits for it', async () => {
    const time = new VirtualTime(0);
    const seen: string[] = [];
    time.at(5, async () => {
      await time.holding(async () => {
        await time.sleep(10);
        await realSleep(3);
        seen.push(`awake@${time.now()}`);
      });
      seen.push(`over@${time.now()}`);
    });
    time.at(20, () => {
      seen.push(`next@${time.now()}`);
    });
    await time.run({ untilMs: 30 });
    expect(seen).toEqual(['awake@15', 'over@15', 'next@20']);
  });

  it('lets a server take its time over a request that a handler awaits', async () => {
    const time = new VirtualTime(0);
    const seen: number[] = [];
    const serve = async (): Promise<void> => {
      const release = time.hold();
      await time.sleep(50, { awaitedBy: 1 });
      release();
    };
    // A timer of the real event loop stands for the network: the server is not in the scope of the handler.
    const overNetwork = (): Promise<void> =>
      new Promise((resolve) => queueMicrotask(() => serve().then(resolve)));
    const handling = time.holding(async () => {
      await overNetwork();
      await realSleep(3);
      seen.push(time.now());
    });
    time.at(60, () => {
      seen.push(time.now());
    });
    await time.run({ untilMs: 100 });
    await handling;
    expect(seen).toEqual([50, 60]);
  });

  it('lets an async callback sleep on a queue of its own events', async () => {
    const time = new VirtualTime(0);
    time.at(1, () => time.sleep(5));
    await time.run({ untilMs: 10 });
    expect(time.now()).toBe(10);
  });

  it('stops with the error of a callback, sync or async', async () => {
    const time = new VirtualTime(0);
    time.at(1, () => {
      throw new Error('sync');
    });
    time.at(2, async () => {
      await realSleep(1);
      throw new Error('async');
    });
    await expect(time.run({ untilMs: 5 })).rejects.toThrow('sync');
    expect(time.now()).toBe(1);
    await expect(time.run({ untilMs: 5 })).rejects.toThrow('async');
    await time.run({ untilMs: 5 });
    expect(time.now()).toBe(5);
  });

  it('stops at the first instant in which the condition fails', async () => {
    const time = new VirtualTime(0);
    let count = 0;
    const tick = (): void => {
      count += 1;
      time.after(10, tick);
    };
    time.after(10, tick);
    await time.runWhile(() => count < 3, { untilMs: 1000 });
    expect(time.now()).toBe(30);
  });

  it('lets promises that wait for an event go on before time moves again', async () => {
    const time = new VirtualTime(0);
    const seen: number[] = [];
    const walk = (async () => {
      for (let step = 0; step < 3; step += 1) {
        await time.sleep(10);
        await Promise.resolve();
        seen.push(time.now());
      }
    })();
    time.at(15, () => {});
    await time.run({ untilMs: 100 });
    await walk;
    expect(seen).toEqual([10, 20, 30]);
  });
});
