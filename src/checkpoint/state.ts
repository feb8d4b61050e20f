import type { CheckpointFiles, FileAnswer, ListedFile } from './files.ts';
import type { StateId } from './logs.ts';
import { type Problem, problem } from './problem.ts';

/** A missing version in each of a thousand stores is one loss; the first few places say enough. */
const placesMax = 5;
/** The start of a schema file: its keys stand first. */
const schemaBytesMax = 64 * 1024;

export interface StateWanted {
  /** The version that the next batch would load; 0 is the empty state. */
  readonly version: number;
  /** Which file of that version each store is loaded from, where the last commit says it (Spark 4, format 2). */
  readonly ids: readonly StateId[];
  readonly shufflePartitions: number | null;
  readonly hasWatermark: boolean;
  /** A setting that is frozen, and yet differs from the batch before. */
  readonly changedSetting: string | undefined;
}

/**
 * Whether every store can be loaded in the version that Spark would load: from the newest snapshot not above it, and
 * each delta or changelog after that. One listing, by names and sizes; of an operator with a single partition also one
 * read. What is inside of the files is not looked at.
 */
export async function checkState(
  files: CheckpointFiles,
  { version, ids, shufflePartitions, hasWatermark, changedSetting }: StateWanted,
): Promise<FileAnswer<readonly Problem[]>> {
  if (version < 1) return { ok: true, value: [] };
  const listed = await files.list('state', 'deep');
  if (!listed.ok) return listed;
  if (listed.value.isCut) {
    const what = `more than ${listed.value.files.length} files`;
    return { ok: true, value: [problem('not-checked', 'state', what)] };
  }
  const operators = storesOf(listed.value.files);
  if (operators.size === 0 && hasWatermark)
    return { ok: true, value: [problem('state-gone', 'state', 'the query has a watermark and no state')] };
  if (operators.size > 0 && changedSetting !== undefined)
    return { ok: true, value: [problem('settings-changed', 'offsets', changedSetting)] };
  const problems: Problem[] = [];
  for (let operator = 0; operator <= Math.max(-1, ...operators.keys()); operator += 1) {
    const partitions: Partitions = operators.get(operator) ?? new Map();
    const wanted = await partitionsOf(files, { operator, partitions, shufflePartitions });
    if (!wanted.ok) return wanted;
    for (let partition = 0; partition < wanted.value; partition += 1) {
      const stores: ReadonlyMap<string, VersionFiles> = partitions.get(partition) ?? new Map();
      if (stores.size === 0)
        problems.push(missing(`state/${operator}/${partition}`, 'the partition is missing'));
      for (const [store, has] of stores) {
        const gap = firstMissing(has, version);
        if (gap !== undefined)
          problems.push(
            missing(
              store,
              `version ${gap} is missing or empty, and without it version ${version}, from which the next batch starts, cannot be put together`,
            ),
          );
      }
    }
  }
  problems.push(...namedMissing(listed.value.files, ids, version));
  return { ok: true, value: shortened(problems) };
}

/**
 * What a killed or a second run left beside it has the same version and another id, and Spark does not take it. Where commits
 * are gone it looks for the wanted version under the id of the last one that is left, and finds none.
 */
function namedMissing(
  files: readonly ListedFile[],
  ids: readonly StateId[],
  version: number,
): readonly Problem[] {
  const have = new Set(
    files.flatMap(({ name, sizeBytes }) => {
      const [, store, of, id] = /^(\d+\/\d+)(?:\/[^/]+)?\/(\d+)_([^./]+)\.\w+$/.exec(name) ?? [];
      return store === undefined || sizeBytes === 0 ? [] : [`${store}/${of}_${id}`];
    }),
  );
  return ids.flatMap(({ operator, partition, id }) => {
    const name = `${operator}/${partition}/${version}_${id}`;
    const what = `its file of version ${version} that the last commit names is missing or empty`;
    return have.has(name) ? [] : [missing(`state/${name}`, what)];
  });
}

function missing(path: string, what: string): Problem {
  return problem('state-missing', path, what);
}

function shortened(problems: readonly Problem[]): readonly Problem[] {
  if (problems.length <= placesMax) return problems;
  const more = problems.length - placesMax;
  return [...problems.slice(0, placesMax), missing('state', `${more} more stores cannot be loaded`)];
}

interface VersionFiles {
  /** Versions with a whole state: snapshot, or archive of RocksDB. */
  readonly whole: Set<number>;
  /** Versions with what changed since the one before. */
  readonly changes: Set<number>;
}

/** Partition → path of the store → versions. The default store has no folder of its own. */
type Partitions = ReadonlyMap<number, ReadonlyMap<string, VersionFiles>>;

type Operators = ReadonlyMap<number, Partitions>;

function storesOf(files: readonly ListedFile[]): Operators {
  const operators = new Map<number, Map<number, Map<string, VersionFiles>>>();
  // Spark 4 may add ids to the version: `5_<uuid>.zip`.
  const pattern = /^((\d+)\/(\d+)(?:\/[^/]+)?)\/(\d+)(?:_[^./]+)?\.(delta|snapshot|zip|changelog)$/;
  for (const { name, sizeBytes } of files) {
    const [, folder, operator, partition, version, kind] = pattern.exec(name) ?? [];
    if (folder === undefined) continue;
    const partitions = got(operators, Number(operator), () => new Map<number, Map<string, VersionFiles>>());
    const stores = got(partitions, Number(partition), () => new Map<string, VersionFiles>());
    const has = got(stores, `state/${folder}`, () => ({
      whole: new Set<number>(),
      changes: new Set<number>(),
    }));
    // No format of Spark's is empty: a file without a byte was cut.
    if (sizeBytes === 0) continue;
    (kind === 'snapshot' || kind === 'zip' ? has.whole : has.changes).add(Number(version));
  }
  return operators;
}

function got<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const value = map.get(key) ?? make();
  map.set(key, value);
  return value;
}

/** Undefined where the version can be loaded. */
function firstMissing({ whole, changes }: VersionFiles, version: number): number | undefined {
  const base = [...whole].reduce((best, each) => (each <= version && each > best ? each : best), 0);
  for (let each = base + 1; each <= version; each += 1) if (!changes.has(each)) return each;
  return undefined;
}

/**
 * How many partitions the operator should have: those of the shuffle, or one where it has no keys to shuffle by
 * (an aggregation or a limit over everything).
 */
async function partitionsOf(
  files: CheckpointFiles,
  of: { operator: number; partitions: Partitions; shufflePartitions: number | null },
): Promise<FileAnswer<number>> {
  const { operator, partitions, shufflePartitions } = of;
  const seen = Math.max(0, ...[...partitions.keys()].map((partition) => partition + 1));
  if (shufflePartitions === null || seen >= shufflePartitions) return { ok: true, value: Math.max(1, seen) };
  // Stores with names are those of a join, which always has keys.
  const isNamed = [...(partitions.get(0)?.keys() ?? [])].some((path) => path !== `state/${operator}/0`);
  if (seen !== 1 || isNamed) return { ok: true, value: shufflePartitions };
  const schema = await files.read(`state/${operator}/0/_metadata/schema`, schemaBytesMax);
  if (!schema.ok && schema.code !== 'not-found') return schema;
  const text = schema.ok ? Buffer.from(schema.value.bytes).toString('latin1') : '';
  const hasKeys = /"fields":\[\{(?!"name":"key","type":"(?:void|null)")/.exec(text);
  const hasNone = /"fields":\[(?:\]|\{"name":"key","type":"(?:void|null)")/.exec(text);
  const isGrouped = hasKeys !== null && (hasNone === null || hasKeys.index < hasNone.index);
  return { ok: true, value: isGrouped ? shufflePartitions : 1 };
}
