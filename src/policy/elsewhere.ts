import * as z from 'zod';
import { plainSchema } from './schema-walk.ts';

/** Segments of a path: a key, `NAME` for any key of a map, `[0]` and `[]` for one and for any entry of a list. */
type Segments = readonly string[];

/** More places than this are no help. */
const placesMax = 3;

/**
 * Where the format has a key that stands at a wrong place: the maps that may hold it, those nearest to where it stands.
 * Empty where it has none, or too many to choose from.
 */
export function elsewhere(root: z.core.$ZodType, path: readonly (string | number)[]): readonly Segments[] {
  const stands = path.slice(0, -1);
  const places = (indexOf(root).get(String(path.at(-1))) ?? []).map((place) => ({
    place,
    shared: place.findIndex((segment, index) => !fits(segment, stands[index])),
  }));
  const ranked = places.map(({ place, shared }) => ({ place, shared: shared < 0 ? place.length : shared }));
  const sharedMost = Math.max(...ranked.map(({ shared }) => shared));
  const near = ranked.filter(({ shared }) => shared === sharedMost);
  const fewest = Math.min(...near.map(({ place }) => place.length));
  const best = near.filter(({ place }) => place.length === fewest);
  return best.length > placesMax ? [] : best.map(({ place, shared }) => asWritten(place, shared, stands));
}

/** The maps that hold a key, by key. A schema never changes, so that each is walked once. */
type Index = Map<string, Segments[]>;
const indexes = new WeakMap<z.core.$ZodType, Index>();

function indexOf(root: z.core.$ZodType): Index {
  const known = indexes.get(root);
  if (known) return known;
  const index: Index = new Map();
  collect(root, [], index);
  indexes.set(root, index);
  return index;
}

function collect(schema: z.core.$ZodType, at: Segments, index: Index): void {
  const plain = plainSchema(schema);
  if (plain instanceof z.ZodRecord) collect(plain.valueType as z.core.$ZodType, [...at, 'NAME'], index);
  if (plain instanceof z.ZodArray) collect(plain.element as z.core.$ZodType, [...at, '[]'], index);
  if (!(plain instanceof z.ZodObject)) return;
  for (const [key, inner] of Object.entries(plain.shape as Readonly<Record<string, z.core.$ZodType>>)) {
    index.set(key, [...(index.get(key) ?? []), at]);
    collect(inner, [...at, key], index);
  }
}

function fits(segment: string, written: string | number | undefined): boolean {
  if (written === undefined) return false;
  return segment === written || segment === 'NAME' || (segment === '[]' && typeof written === 'number');
}

function asWritten(place: Segments, shared: number, stands: readonly (string | number)[]): Segments {
  return place.map((segment, index) => (index < shared ? segmentText(stands[index] ?? segment) : segment));
}

/** A place in a list stands in brackets. */
export function segmentText(segment: string | number): string {
  return typeof segment === 'number' ? `[${segment}]` : segment;
}
