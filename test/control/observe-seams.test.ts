import { describe, expect, it } from 'vitest';
import type { JobState } from '../../src/control/load.ts';
import { observeSeams } from '../../src/control/observe-evidence.ts';
import type { Ports } from '../../src/control/ports.ts';
import type { JobMemory } from '../../src/core/memory.ts';
import type { CheckpointSensor, RunSensor } from '../../src/core/observation.ts';
import { aJob, aMemory, aWish, checkpoint, ended, inState, nowMs } from '../support/build.ts';

const other = 's3://acme-checkpoints/orders-rare';
const job = aJob({ checkpoints: [checkpoint, other] });
const progress = {
  [checkpoint]: { committedAtStart: 100, plannedAtStart: 100, streak: 0 },
  [other]: { committedAtStart: 7, plannedAtStart: 7, streak: 0 },
};

function planned(batch: number): CheckpointSensor {
  return { kind: 'seen', committedBatch: batch, plannedBatch: batch };
}

/** The locations that are audited when the two stand at these batches. */
async function audited(
  run: RunSensor,
  [first, second]: readonly [number, number],
  memory: Partial<JobMemory> = {},
): Promise<readonly string[]> {
  const asked: string[] = [];
  const ports = {
    checkpoints: {
      seam: async (location: string, batch: number) => {
        asked.push(`${location} ${batch}`);
        return { ok: true, value: [] };
      },
    },
  } as unknown as Ports;
  const state = { memory: aMemory({ progress, ...memory }), nowMs } as JobState;
  const checkpoints = { [checkpoint]: planned(first), [other]: planned(second) };
  const seams = await observeSeams(ports, job, state, { run, checkpoints });
  expect(Object.keys(seams ?? {})).toHaveLength(asked.length);
  return asked;
}

const running = inState('RUNNING');

describe('the first new batch', () => {
  it('is audited at each location by itself, and one that planned none waits', async () => {
    expect(await audited(running, [100, 7])).toEqual([]);
    expect(await audited(running, [50_000, 7])).toEqual([`${checkpoint} 100`]);
    expect(await audited(running, [50_000, 8])).toEqual([`${checkpoint} 100`, `${other} 7`]);
  });

  it('is audited once for each start', async () => {
    const of = (generation: number) => ({ audits: { [checkpoint]: { generation, isUnbroken: true } } });
    expect(await audited(running, [50_000, 8], of(1))).toEqual([`${other} 7`]);
    expect(await audited(running, [50_000, 7], of(0))).toEqual([`${checkpoint} 100`]);
  });

  it('is audited everywhere where an earlier version says so', async () => {
    expect(await audited(running, [50_000, 8], { audited: 1 })).toEqual([]);
    expect(await audited(running, [50_000, 8], { audited: 0 })).toHaveLength(2);
  });

  it('of a run that died between two looks is audited when its end is judged, and not after that', async () => {
    const died = ended('Read timed out');
    expect(await audited(died, [150, 7])).toEqual([`${checkpoint} 100`]);
    expect(await audited(died, [150, 7], { wish: aWish() })).toEqual([]);
    const parked = { reason: 'data-at-risk', atMs: nowMs, jobRunId: 'run-1' } as const;
    expect(await audited(died, [150, 7], { parked })).toEqual([]);
    expect(await audited(died, [150, 7], { desired: 'stopped' })).toEqual([]);
  });

  it('is not there before a run is RUNNING', async () => {
    expect(await audited(inState('SUBMITTED'), [150, 8])).toEqual([]);
  });
});
