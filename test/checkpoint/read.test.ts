import { describe, expect, it } from 'vitest';
import type { CheckpointFiles } from '../../src/checkpoint/files.ts';
import { type ReadOptions, readCheckpoint } from '../../src/checkpoint/read.ts';
import { fixtureNames, MemoryFiles, metaOf } from './support.ts';

async function readingOf(files: CheckpointFiles, options?: ReadOptions) {
  const answer = await readCheckpoint(files, options);
  return answer.ok ? answer.value : expect.fail(answer.message);
}

/** Codes and paths of what weighs on the health, and of notes. */
async function problemsOf(files: CheckpointFiles, options?: ReadOptions) {
  const { health, problems } = await readingOf(files, options);
  return { health, problems: problems.map(({ code, path }) => `${code} ${path}`) };
}

describe('a real checkpoint', () => {
  const wanted: Readonly<Record<string, { health: string; problems: readonly string[] }>> = {
    'corrupt-empty-commit': { health: 'corrupt', problems: ['commit-damaged commits/11'] },
    'corrupt-missing-source-log': { health: 'corrupt', problems: ['source-log-missing sources/0/11'] },
    'corrupt-missing-state-delta': { health: 'corrupt', problems: ['state-missing state/0/0'] },
    'corrupt-truncated-metadata': { health: 'corrupt', problems: ['metadata-damaged metadata'] },
    'corrupt-truncated-offset': { health: 'corrupt', problems: ['offsets-damaged offsets/11'] },
    'odd-missing-metadata': { health: 'clean', problems: ['metadata-missing metadata'] },
    'version-mismatch-spark41-commit-v2': {
      health: 'incompatible',
      problems: ['log-version-unsupported commits/4'],
    },
    'version-mismatch-spark41-state-v2-killed': {
      health: 'incompatible',
      problems: ['log-version-unsupported commits/3'],
    },
  };

  it.each(fixtureNames)('is read as Spark judged it: %s', async (name) => {
    const meta = metaOf(name);
    const sound = { health: meta.plannedNotCommitted ? 'in-flight' : 'clean', problems: [] };
    expect(await problemsOf(MemoryFiles.of(name))).toEqual(wanted[name] ?? sound);
    const reading = await readingOf(MemoryFiles.of(name));
    expect(reading).toMatchObject({
      queryId: meta.queryId,
      plannedBatch: meta.lastPlannedBatch,
      committedBatch: meta.lastCommittedBatch,
      inFlight: meta.plannedNotCommitted,
    });
    expect(['clean', 'in-flight'].includes(reading.health)).toBe(meta.healthy);
    const isReadable = meta.offsetsAtLastPlanned.length > 0;
    expect(reading.frozen.shufflePartitions).toBe(isReadable ? 2 : null);
  });
});
