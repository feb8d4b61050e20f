import { isObject, type Json, parseObject } from './json.ts';

/** `offsets/N`: what Spark planned. */
export interface OffsetsLog {
  readonly watermarkMs: number;
  /** When it was planned, by the driver's clock; 0 where it is not written down. */
  readonly timestampMs: number;
  /** `spark.sql.shuffle.partitions` of the first run; null where it is not written down. */
  readonly shufflePartitions: number | null;
  /** The settings that a restart cannot change. */
  readonly conf: ReadonlyMap<string, string>;
  /** One for each source, in the order of the query, as written; null where the source had no offset yet. */
  readonly sources: readonly (string | null)[];
}

export type Parsed<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly kind: 'damaged' | 'version'; readonly why: string };

/** The highest versions that Spark 3.5 reads. Spark 4 writes commits v2 with state checkpoint format 2. */
const versionMax = 1;

const shufflePartitions = 'spark.sql.shuffle.partitions';

/**
 * A setting of the batch before that this batch has not, or otherwise. Spark takes the settings of the last batch, so
 * its state was written under others then.
 */
export function changedSetting(before: OffsetsLog, last: OffsetsLog): string | undefined {
  for (const [key, value] of before.conf) {
    const now = last.conf.get(key);
    // An older Spark knows fewer settings and leaves them out; the number of partitions all of them know.
    if (now === undefined ? key === shufflePartitions : now !== value)
      return `${key} was ${value}, is ${now ?? 'gone'}`;
  }
  return undefined;
}

/** The version, a line of metadata, then a line for each source, `-` for none. */
export function parseOffsets(bytes: Uint8Array): Parsed<OffsetsLog> {
  const lines = linesOf(bytes);
  if (!lines.ok) return lines;
  const [version = '', metadata, ...sources] = lines.value;
  const fault = versionFault(version);
  if (fault) return fault;
  if (metadata === undefined) return damaged('it ends after its version');
  // Spark parses an empty one, and then fails for want of a watermark.
  if (metadata.trim() === '') return damaged('line 2 is empty');
  const read = parseObject(metadata);
  if (!read.ok) return damaged(`line 2: ${read.why}`);
  if (sources.length === 0) return damaged('it names no source');
  const { batchWatermarkMs = 0, batchTimestampMs = 0, conf = {} } = read.value;
  const times = [batchWatermarkMs, batchTimestampMs];
  if (!times.every(Number.isSafeInteger)) return damaged('line 2: watermark or timestamp is no whole number');
  if (!isObject(conf)) return damaged('line 2: conf is no object');
  const partitions = conf[shufflePartitions];
  if (partitions !== undefined && !/^[1-9]\d{0,8}$/.test(String(partitions)))
    return damaged('line 2: spark.sql.shuffle.partitions is no number above 0');
  return {
    ok: true,
    value: {
      watermarkMs: Number(batchWatermarkMs),
      timestampMs: Number(batchTimestampMs),
      shufflePartitions: partitions === undefined ? null : Number(partitions),
      conf: new Map(
        Object.entries(conf).flatMap(([key, value]) => (isObject(value) ? [] : [[key, String(value)]])),
      ),
      sources: sources.map((line) => (line.trim() === '-' ? null : line)),
    },
  };
}

/** The version, then one line of JSON, which Spark lets go missing. Damage weighs more than a newer version. */
export function parseCommit(bytes: Uint8Array): Parsed<undefined> {
  const lines = linesOf(bytes);
  if (!lines.ok) return lines;
  const [version = '', metadata] = lines.value;
  const fault = versionFault(version);
  const isReadable = fault === undefined || version.trim() === 'v2';
  if (!isReadable || metadata === undefined) return fault ?? { ok: true, value: undefined };
  const read = parseObject(metadata);
  if (!read.ok) return damaged(`line 2: ${read.why}`);
  const { nextBatchWatermarkMs = 0 } = read.value;
  if (!Number.isSafeInteger(nextBatchWatermarkMs)) return damaged('line 2: the watermark is no whole number');
  return fault ?? { ok: true, value: undefined };
}

/** Which file of the next version a store is loaded from: state checkpoint format 2 names each file by an id as well. */
export interface StateId {
  readonly operator: number;
  readonly partition: number;
  readonly id: string;
}

/** `stateUniqueIds` of a commit v2: operator → partitions → stores → id. None in older commits, or without state. */
export function stateIdsOf(bytes: Uint8Array): readonly StateId[] {
  const [, metadata = ''] = (textOf(bytes) ?? '').split(/\r?\n/);
  const read = parseObject(metadata);
  const operators = read.ok ? read.value.stateUniqueIds : undefined;
  if (!isObject(operators)) return [];
  return Object.entries(operators).flatMap(([operator, partitions]) =>
    arrayOf(partitions).flatMap((stores, partition) =>
      arrayOf(stores).flatMap((id) =>
        typeof id === 'string' ? [{ operator: Number(operator), partition, id }] : [],
      ),
    ),
  );
}

function arrayOf(value: Json | undefined): readonly Json[] {
  return Array.isArray(value) ? value : [];
}

/** `metadata`: the id of the query, a UUID. */
export function parseQueryId(bytes: Uint8Array): Parsed<string> {
  const text = textOf(bytes);
  if (text === undefined) return damaged('it is not UTF-8');
  const read = parseObject(text);
  if (!read.ok) return damaged(read.why);
  const { id } = read.value;
  if (typeof id !== 'string' || !/^[0-9a-f]{1,8}(?:-[0-9a-f]{1,4}){3}-[0-9a-f]{1,12}$/i.test(id))
    return damaged('its id is no UUID');
  return { ok: true, value: id };
}

/** The log of a file source: the version, then a line of JSON with a path for each file. */
export function parseFileLog(bytes: Uint8Array, isCut: boolean): Parsed<undefined> {
  const lines = linesOf(bytes, isCut);
  if (!lines.ok) return lines;
  const [version = '', ...entries] = lines.value;
  const fault = versionFault(version);
  if (fault) return fault;
  for (const [index, line] of entries.entries()) {
    const read = parseObject(line);
    const why = read.ok ? entryFault(read.value) : read.why;
    if (why !== undefined) return damaged(`line ${index + 2}: ${why}`);
  }
  return { ok: true, value: undefined };
}

function entryFault({ path, timestamp, batchId }: Readonly<Record<string, Json>>): string | undefined {
  if (typeof path !== 'string') return 'no path';
  return Number.isSafeInteger(timestamp) && Number.isSafeInteger(batchId) ? undefined : 'no time or batch';
}

/** As Spark's validateVersion: `v` and a number above 0, not above what it supports. */
function versionFault(line: string): Parsed<never> | undefined {
  const [, digits] = /^v(\d+)$/.exec(line.trim()) ?? [];
  if (digits === undefined || Number(digits) === 0) return damaged('line 1 is no log version');
  if (Number(digits) <= versionMax) return undefined;
  return { ok: false, kind: 'version', why: `log version v${digits}, where v${versionMax} is the highest` };
}

/** Lines as Spark splits them; of a file that was cut by us only the whole ones. */
function linesOf(bytes: Uint8Array, isCut = false): Parsed<readonly string[]> {
  const whole = isCut ? bytes.subarray(0, Math.max(0, bytes.lastIndexOf(0x0a))) : bytes;
  const text = textOf(whole);
  if (text === undefined) return damaged('it is not UTF-8');
  if (text === '') return damaged('it is empty');
  const lines = text.split(/\r?\n/);
  // A newline at the end ends the last line and begins none.
  return { ok: true, value: lines.at(-1) === '' ? lines.slice(0, -1) : lines };
}

function textOf(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

function damaged(why: string): { readonly ok: false; readonly kind: 'damaged'; readonly why: string } {
  return { ok: false, kind: 'damaged', why };
}
