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
  if (trimmed(metadata) === '') return damaged('line 2 is empty');
  const read = parseObject(trimmed(metadata));
  if (!read.ok) return damaged(`line 2: ${read.why}`);
  if (sources.length === 0) return damaged('it names no source');
  const { batchWatermarkMs, batchTimestampMs } = read.value;
  const conf = read.value.conf ?? {};
  if (!isTime(batchWatermarkMs) || !isTime(batchTimestampMs))
    return damaged('line 2: watermark or timestamp is no number');
  if (!isObject(conf) || Object.values(conf).some((value) => typeof value === 'object' && value !== null))
    return damaged('line 2: conf is no object of texts');
  const partitions = conf[shufflePartitions];
  // As Java reads a number of a setting.
  if (partitions !== undefined && !/^\+?0*[1-9]\d{0,8}$/.test(String(partitions).trim()))
    return damaged('line 2: spark.sql.shuffle.partitions is no number above 0');
  return {
    ok: true,
    value: {
      watermarkMs: Math.trunc(Number(batchWatermarkMs ?? 0)),
      timestampMs: Math.trunc(Number(batchTimestampMs ?? 0)),
      shufflePartitions: partitions === undefined ? null : Number(partitions),
      conf: new Map(Object.entries(conf).map(([key, value]) => [key, String(value)])),
      sources: sources.map((line) => (line === '-' ? null : line)),
    },
  };
}

/** The version, then one line of JSON, which Spark lets go missing. Damage weighs more than a newer version. */
export function parseCommit(bytes: Uint8Array): Parsed<undefined> {
  const lines = linesOf(bytes);
  if (!lines.ok) return lines;
  const [version = '', metadata] = lines.value;
  // Of this log alone Spark trims the line.
  const fault = versionFault(trimmed(version));
  const isReadable = fault === undefined || trimmed(version) === 'v2';
  if (!isReadable || metadata === undefined) return fault ?? { ok: true, value: undefined };
  const read = parseObject(metadata);
  if (!read.ok) return damaged(`line 2: ${read.why}`);
  if (!isTime(read.value.nextBatchWatermarkMs)) return damaged('line 2: the watermark is no number');
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
  const lines = linesOf(bytes);
  const [, metadata = ''] = lines.ok ? lines.value : [];
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
  // Of this file alone Spark takes what is not UTF-8; in the id itself it would be no UUID.
  const read = parseObject(new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes));
  if (!read.ok) return damaged(read.why);
  const { id } = read.value;
  if (typeof id !== 'string' || !/^[0-9a-f]{1,8}(?:-[0-9a-f]{1,4}){3}-[0-9a-f]{1,12}$/i.test(id))
    return damaged('its id is no UUID');
  return { ok: true, value: id };
}

/** The log of a file source: the version, then a line of JSON with a path for each file. The batches that they are of. */
export function parseFileLog(bytes: Uint8Array, isCut: boolean): Parsed<readonly number[]> {
  const lines = linesOf(bytes, isCut);
  if (!lines.ok) return lines;
  const [version = '', ...entries] = lines.value;
  const fault = versionFault(version);
  if (fault) return fault;
  const batches = new Set<number>();
  for (const [index, line] of entries.entries()) {
    const read = parseObject(line);
    const why = read.ok ? entryFault(read.value) : read.why;
    if (why !== undefined) return damaged(`line ${index + 2}: ${why}`);
    if (read.ok) batches.add(Number(read.value.batchId));
  }
  return { ok: true, value: [...batches] };
}

function entryFault({ path, timestamp, batchId }: Readonly<Record<string, Json>>): string | undefined {
  if (path === undefined || isObject(path) || Array.isArray(path)) return 'no path';
  return typeof timestamp === 'number' && typeof batchId === 'number' ? undefined : 'no time or batch';
}

/** As Spark's validateVersion, and Java's parseInt in it: `v` and a number above 0, not above what it supports. */
function versionFault(text: string): Parsed<never> | undefined {
  const [, digits] = /^v\+?(\d+)$/.exec(text) ?? [];
  if (digits === undefined || Number(digits) === 0 || Number(digits) > intMax)
    return damaged('line 1 is no log version');
  if (Number(digits) <= versionMax) return undefined;
  return { ok: false, kind: 'version', why: `log version v${digits}, where v${versionMax} is the highest` };
}

const intMax = 2 ** 31 - 1;

/** Absent and null are 0; a fraction is cut off. */
function isTime(value: Json | undefined): boolean {
  return value === undefined || value === null || typeof value === 'number';
}

/** As Java trims: control characters and spaces, and nothing else that Unicode calls white. */
function trimmed(line: string): string {
  let [from, to] = [0, line.length];
  while (from < to && line.charCodeAt(from) <= 0x20) from += 1;
  while (to > from && line.charCodeAt(to - 1) <= 0x20) to -= 1;
  return line.slice(from, to);
}

/** Lines as Java splits them, at a carriage return too; of a file that was cut by us only the whole ones. */
function linesOf(bytes: Uint8Array, isCut = false): Parsed<readonly string[]> {
  const whole = isCut ? bytes.subarray(0, Math.max(0, bytes.lastIndexOf(0x0a))) : bytes;
  const text = textOf(whole);
  if (text === undefined) return damaged('it is not UTF-8');
  if (text === '') return damaged('it is empty');
  const lines = text.split(/\r\n|\r|\n/);
  // A line end at the end ends the last line and begins none.
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
