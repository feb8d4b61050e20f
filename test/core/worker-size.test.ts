import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  isTaken,
  memoryRangesGb,
  nextMemoryStep,
  parseMemory,
  smallestWorker,
  totalMemoryGb,
  workerTiers,
} from '../../src/core/worker-size.ts';

const coresOfTiers = fc.constantFrom(...workerTiers.map(({ cores }) => cores));
const memoryMb = fc.integer({ min: 512, max: 220 * 1024 });
const caps = fc.constantFrom('6g', '14g', '27g', '54g', '109g', '221g');

describe('worker memory', () => {
  it('is read the way Spark writes it', () => {
    expect(parseMemory('14g')).toBe(14);
    expect(parseMemory('14336m')).toBe(14);
    expect(parseMemory(' 1TB ')).toBe(1024);
    expect(parseMemory('14680064k')).toBe(14);
    // Without a unit Spark counts megabytes.
    expect(parseMemory('14336')).toBe(14);
  });

  it.each(['', '0', '1.5g', '-1g', '0g', '14x', '14 g', 'g'])('refuses %j', (text) => {
    expect(() => parseMemory(text)).toThrow(RangeError);
  });

  it('counts overhead of a tenth, and never less than 384 MB', () => {
    expect(totalMemoryGb(20)).toBe(22);
    expect(totalMemoryGb(1)).toBe(1 + 384 / 1024);
    expect(totalMemoryGb(10, { factor: 0.2 })).toBe(12);
  });

  it('counts a fixed overhead in place of the tenth, and off-heap memory on top', () => {
    expect(totalMemoryGb(10, { fixedMb: 3 * 1024 })).toBe(13);
    expect(totalMemoryGb(10, { factor: 0.2, besideMb: 2 * 1024 })).toBe(14);
  });
});

describe('the smallest worker', () => {
  it('keeps the cores when their tier holds the memory, and takes the next tier when not', () => {
    expect(smallestWorker({ cores: 4, totalGb: 15.4 })).toEqual({ cores: 4, memoryGb: 16 });
    expect(smallestWorker({ cores: 4, totalGb: 31 })).toEqual({ cores: 8, memoryGb: 32 });
    expect(smallestWorker({ cores: 3, totalGb: 1 })).toEqual({ cores: 4, memoryGb: 8 });
    expect(smallestWorker({ cores: 16, totalGb: 121 })).toEqual({ cores: 32, memoryGb: 244 });
  });

  it('does not exist above the largest', () => {
    expect(smallestWorker({ cores: 4, totalGb: 245 })).toBeUndefined();
    expect(smallestWorker({ cores: 64, totalGb: 8 })).toBeUndefined();
  });
});

describe('workers of 32 cores', () => {
  it('are taken for memory that lies just below one of their sizes, others for any that fits', () => {
    const isOf32 = (totalGb: number) => isTaken({ cores: 32, totalGb });
    expect([51.9, 52, 60, 60.1, 111.9, 112, 120, 235.9, 236, 244, 244.1].map(isOf32)).toEqual([
      false,
      true,
      true,
      false,
      false,
      true,
      true,
      false,
      true,
      true,
      false,
    ]);
    expect(isTaken({ cores: 16, totalGb: 1 })).toBe(true);
    expect(isTaken({ cores: 3, totalGb: 1 })).toBe(false);
  });

  it('say which Spark memory that is, in whole GB that are all taken', () => {
    const tier = workerTiers.find(({ cores }) => cores === 32);
    if (!tier) throw new Error('there are no such workers');
    expect(memoryRangesGb(tier)).toEqual([
      { fromGb: 48, toGb: 54 },
      { fromGb: 102, toGb: 109 },
      { fromGb: 215, toGb: 221 },
    ]);
    for (const overhead of [{}, { factor: 0.2 }, { fixedMb: 3_072 }, { factor: 0.2, besideMb: 2_048 }])
      for (const { fromGb, toGb } of memoryRangesGb(tier, overhead))
        for (const edge of [fromGb, toGb])
          expect(isTaken({ cores: 32, totalGb: totalMemoryGb(edge, overhead) })).toBe(true);
  });
});

describe('the next memory step', () => {
  it('fills the smallest worker with half as much again', () => {
    expect(nextMemoryStep({ cores: 4, memory: '14g' }, { factor: 1.5, maxMemory: '54g' })).toEqual({
      cores: 4,
      memory: '22341m',
    });
  });

  it('fits a worker whose overhead the job has chosen itself', () => {
    const present = { cores: 4, memory: '12g' };
    // 12 + 4 GB, half as much again is a worker of 24 GB, and 4 of them stay overhead.
    expect(nextMemoryStep(present, { factor: 1.5, maxMemory: '54g', overhead: { fixedMb: 4_096 } })).toEqual({
      cores: 4,
      memory: '20480m',
    });
  });

  it('moves to the next tier, and ends at the cap', () => {
    const step = { factor: 1.5, maxMemory: '54g' };
    const steps = [{ cores: 4, memory: '14g' }];
    for (let present = steps[0]; present; ) {
      const next = nextMemoryStep(present, step);
      if (next) steps.push(next);
      present = next;
    }
    expect(steps).toEqual([
      { cores: 4, memory: '14g' },
      { cores: 4, memory: '22341m' },
      { cores: 8, memory: '33512m' },
      { cores: 8, memory: '52130m' },
      { cores: 8, memory: '55296m' },
    ]);
  });

  it('is undefined at the cap and above it', () => {
    const step = { factor: 1.5, maxMemory: '14g' };
    expect(nextMemoryStep({ cores: 4, memory: '14g' }, step)).toBeUndefined();
    expect(nextMemoryStep({ cores: 4, memory: '20g' }, step)).toBeUndefined();
  });

  it('asks no worker of 32 cores for a size the service would refuse', () => {
    expect(nextMemoryStep({ cores: 32, memory: '54g' }, { factor: 1.5, maxMemory: '80g' })).toBeUndefined();
    expect(nextMemoryStep({ cores: 32, memory: '54g' }, { factor: 1.5, maxMemory: '109g' })?.memory).toBe(
      '111616m',
    );
  });

  it('goes on to the largest workers where the cap allows it', () => {
    const step = { factor: 1.5, maxMemory: '221g' };
    const after16 = nextMemoryStep({ cores: 16, memory: '89367m' }, step);
    expect(after16).toEqual({ cores: 32, memory: '226304m' });
    expect(nextMemoryStep({ cores: 32, memory: '111709m' }, step)).toEqual(after16);
  });

  it('takes the most that there is under a cap that lies between two sizes of the largest workers', () => {
    const step = { factor: 1.5, maxMemory: '128g' };
    expect(nextMemoryStep({ cores: 16, memory: '89367m' }, step)).toEqual({ cores: 16, memory: '111709m' });
    expect(nextMemoryStep({ cores: 16, memory: '111709m' }, step)).toBeUndefined();
  });

  it('always grows, stays under the cap, and fits a valid worker with its overhead', () => {
    fc.assert(
      fc.property(
        coresOfTiers,
        memoryMb,
        caps,
        fc.constantFrom(
          {},
          { factor: 0.2 },
          { factor: 0.4 },
          { fixedMb: 3_072 },
          { factor: 0.2, besideMb: 2_048 },
        ),
        (cores, mb, maxMemory, overhead) => {
          const present = { cores, memory: `${mb}m` };
          const next = nextMemoryStep(present, { factor: 1.5, maxMemory, overhead });
          if (!next) return;
          const nextGb = parseMemory(next.memory);
          const totalGb = totalMemoryGb(nextGb, overhead);
          const sizes = workerTiers.find((tier) => tier.cores === next.cores)?.memoryGb ?? [];
          expect(next.cores).toBeGreaterThanOrEqual(cores);
          expect(nextGb).toBeGreaterThan(parseMemory(present.memory));
          expect(nextGb).toBeLessThanOrEqual(parseMemory(maxMemory));
          expect(sizes.some((sizeGb) => sizeGb >= totalGb)).toBe(true);
          expect(isTaken({ cores: next.cores, totalGb })).toBe(true);
          if (nextGb < parseMemory(maxMemory)) {
            // Smaller than that only where it is the last.
            if (nextMemoryStep(next, { factor: 1.5, maxMemory, overhead }))
              expect(totalGb).toBeGreaterThanOrEqual(1.5 * totalMemoryGb(mb / 1024, overhead) - 1 / 1024);
            expect(sizes.some((sizeGb) => sizeGb - totalGb < 2 / 1024 && sizeGb >= totalGb)).toBe(true);
          }
        },
      ),
    );
  });

  it('never gives less to a job that has more', () => {
    fc.assert(
      fc.property(coresOfTiers, memoryMb, fc.integer({ min: 1, max: 8192 }), (cores, mb, moreMb) => {
        const step = { factor: 1.5, maxMemory: '109g' };
        const less = nextMemoryStep({ cores, memory: `${mb}m` }, step);
        const more = nextMemoryStep({ cores, memory: `${mb + moreMb}m` }, step);
        if (less && more) expect(parseMemory(more.memory)).toBeGreaterThanOrEqual(parseMemory(less.memory));
      }),
    );
  });
});
