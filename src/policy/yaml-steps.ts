import {
  type Alias,
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  type Node,
  type Pair,
  visit,
  type YAMLMap,
} from 'yaml';

/** The key and the value of one step into a map or a list, aliases followed. */
export function child(
  doc: Document,
  parent: unknown,
  segment: string | number,
): { key?: unknown; value: unknown } | undefined {
  const node = isAlias(parent) ? targetOf(doc, parent) : parent;
  if (isSeq(node))
    return typeof segment === 'number' && segment in node.items ? { value: node.items[segment] } : undefined;
  return isMap(node) ? pairsOf(node).get(String(segment)) : undefined;
}

/** What each alias of a document stands for: the last node above it of that name. The library would go looking each time. */
const targets = new WeakMap<Document, ReadonlyMap<Alias, Node>>();

export function targetOf(doc: Document, alias: Alias): Node | undefined {
  const known = targets.get(doc);
  if (known) return known.get(alias);
  const anchors = new Map<string, Node>();
  const found = new Map<Alias, Node>();
  visit(doc, {
    Node: (_key, node) => {
      const target = isAlias(node) ? anchors.get(node.source) : undefined;
      if (isAlias(node) && target) found.set(node, target);
      if (!isAlias(node) && node.anchor !== undefined) anchors.set(node.anchor, node);
    },
  });
  targets.set(doc, found);
  return found.get(alias);
}

/** The pairs of a map by key, the first of each. Nodes keep their keys, so that each map is gone through once. */
const pairs = new WeakMap<YAMLMap, ReadonlyMap<string, Pair>>();

function pairsOf(map: YAMLMap): ReadonlyMap<string, Pair> {
  const known = pairs.get(map);
  if (known) return known;
  const named = map.items.flatMap((pair) =>
    isScalar(pair.key) ? [[String(pair.key.value), pair] as const] : [],
  );
  // The last one of a name stays in a Map.
  const byKey = new Map(named.toReversed());
  pairs.set(map, byKey);
  return byKey;
}
