import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readCheckpoint } from '../../src/checkpoint/read.ts';
import { fixtureNames, MemoryFiles, metaOf } from './support.ts';

/** What `npm test` has time for; each run is one damaged checkpoint. */
const numRuns = 400;

type Damage =
  | { readonly kind: 'flip'; readonly at: number; readonly bit: number }
  | { readonly kind: 'cut'; readonly at: number }
  | { readonly kind: 'replace'; readonly bytes: Uint8Array }
  | { readonly kind: 'delete' };

const damages: fc.Arbitrary<Damage> = fc.oneof(
  fc.record({ kind: fc.constant('flip' as const), at: fc.nat(), bit: fc.nat({ max: 7 }) }),
  fc.record({ kind: fc.constant('cut' as const), at: fc.nat() }),
  fc.record({ kind: fc.constant('replace' as const), bytes: fc.uint8Array({ maxLength: 200 }) }),
  fc.record({ kind: fc.constant('delete' as const) }),
);

function damaged(files: MemoryFiles, path: string, damage: Damage): MemoryFiles {
  const bytes = Uint8Array.from(files.bytes.get(path) ?? []);
  if (damage.kind === 'delete') return files.drop(path);
  if (damage.kind === 'replace') files.bytes.set(path, damage.bytes);
  if (damage.kind === 'cut') files.bytes.set(path, bytes.subarray(0, damage.at % Math.max(1, bytes.length)));
  if (damage.kind === 'flip') {
    const at = damage.at % Math.max(1, bytes.length);
    bytes[at] = (bytes[at] ?? 0) ^ (1 << damage.bit);
    files.bytes.set(path, bytes);
  }
  return files;
}

async function healthOf(files: MemoryFiles): Promise<string> {
  const answer = await readCheckpoint(files);
  return answer.ok ? answer.value.health : answer.code;
}

const sound = ['clean', 'in-flight', 'empty'];
const healthy = fixtureNames.filter((name) => metaOf(name).healthy);
/** A file of a real checkpoint, drawn by a number. */
const pathOf = (files: MemoryFiles, draw: number, pattern = /./) => {
  const paths = [...files.bytes.keys()].filter((path) => pattern.test(path));
  return paths[draw % paths.length] ?? '';
};

it('never throws, whatever happened to some files of a checkpoint', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...fixtureNames),
      fc.array(fc.tuple(fc.nat(), damages), { minLength: 1, maxLength: 4 }),
      async (name, hits) => {
        const files = MemoryFiles.of(name);
        for (const [draw, damage] of hits) damaged(files, pathOf(files, draw), damage);
        expect([...sound, 'corrupt', 'incompatible']).toContain(await healthOf(files));
      },
    ),
    { numRuns },
  );
});

it('never throws for files of any content', async () => {
  const names = ['metadata', 'offsets/0', 'offsets/1', 'commits/0', 'sources/0/0', 'state/0/0/1.delta'];
  const content = fc.oneof(
    fc.string(),
    fc.json().map((json) => `v1\n{}\n${json}`),
    fc.string().map((line) => `v1\n{}\n${line}`),
  );
  await fc.assert(
    fc.asyncProperty(fc.dictionary(fc.constantFrom(...names), content), async (texts) => {
      const files = new MemoryFiles();
      for (const [path, text] of Object.entries(texts)) files.put(path, text);
      expect([...sound, 'corrupt', 'incompatible']).toContain(await healthOf(files));
    }),
    { numRuns },
  );
});

describe.each(healthy)('what Spark refuses is never sound: %s', (name) => {
  const { lastPlannedBatch: planned, lastCommittedBatch: committed } = metaOf(name);
  const cuts = async (path: string, lengths: readonly number[]) => {
    for (const length of lengths) {
      const files = MemoryFiles.of(name);
      files.bytes.set(path, (files.bytes.get(path) ?? new Uint8Array()).subarray(0, length));
      expect(sound, `${path} cut to ${length} bytes`).not.toContain(await healthOf(files));
    }
  };
  const lengthOf = (path: string) => MemoryFiles.of(name).bytes.get(path)?.length ?? 0;
  const upTo = (length: number) => Array.from({ length }, (_, each) => each);

  it('offsets of the last two batches, cut anywhere', async () => {
    const last = lengthOf(`offsets/${planned}`);
    const lengths = upTo(last).filter((each) => each < 12 || each > last - 60 || each % 37 === 0);
    await cuts(`offsets/${planned}`, lengths);
    if (planned > 0)
      await cuts(
        `offsets/${planned - 1}`,
        lengths.filter((each) => each < last - 4),
      );
  });

  it('metadata and the last commit, cut anywhere but where only the version is left', async () => {
    if (lengthOf('metadata') > 0) await cuts('metadata', upTo(lengthOf('metadata')));
    const path = `commits/${committed}`;
    await cuts(
      path,
      upTo(lengthOf(path)).filter((each) => each !== 2 && each !== 3),
    );
  });

  it('another version, a gap, and offsets behind commits', async () => {
    for (const path of [`offsets/${planned}`, `commits/${committed}`]) {
      for (const version of ['v2', 'v99', 'v0', 'v', '1', '']) {
        const files = MemoryFiles.of(name);
        files.put(path, files.text(path).replace('v1', version));
        expect(sound, `${path} of version ${version}`).not.toContain(await healthOf(files));
      }
    }
    if (planned > 0)
      expect(sound).not.toContain(await healthOf(MemoryFiles.of(name).drop(`offsets/${planned - 1}`)));
    const behind = MemoryFiles.of(name);
    for (let batch = committed; batch <= planned; batch += 1) behind.drop(`offsets/${batch}`);
    expect(sound).not.toContain(await healthOf(behind));
  });

  it('a flipped bit, unless what Spark parses is still well formed', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(), fc.nat(), fc.nat({ max: 7 }), async (draw, at, bit) => {
        const files = MemoryFiles.of(name);
        const path = pathOf(files, draw, new RegExp(`^(?:metadata|(?:offsets|commits)/${planned})$`));
        damaged(files, path, { kind: 'flip', at, bit });
        const [first = '', ...rest] =
          path === 'metadata' ? ['v1', files.text(path)] : files.text(path).split('\n');
        const isWellFormed = first === 'v1' && rest.filter((line) => line !== '').every(isJson);
        if (!isWellFormed) expect(sound, files.text(path)).not.toContain(await healthOf(files));
      }),
      { numRuns: numRuns / 4 },
    );
  });
});

it.each(healthy.filter((name) => name.includes('stateful')))(
  'any delta that is missing: %s',
  async (name) => {
    const deltas = [...MemoryFiles.of(name).bytes.keys()].filter((path) => path.endsWith('.delta'));
    expect(deltas.length).toBeGreaterThan(0);
    for (const path of deltas)
      expect(sound, path).not.toContain(await healthOf(MemoryFiles.of(name).drop(path)));
  },
);

it.each(healthy.filter((name) => metaOf(name).source !== 'kafka'))(
  'a source log that is missing: %s',
  async (name) => {
    expect(sound).not.toContain(await healthOf(MemoryFiles.of(name).drop('sources')));
  },
);

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return !text.includes('\uFFFD');
  } catch {
    return false;
  }
}
