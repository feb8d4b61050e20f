import {
  type Document,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseDocument,
  type Scalar,
  visit,
  type YAMLMap,
} from 'yaml';
import type * as z from 'zod';
import { type Diagnostic, pathText, type SourceText } from './diagnostics.ts';
import { schemaAt, valueMeta } from './schema-walk.ts';
import { secretsIn } from './secrets.ts';
import { syntaxFaults } from './syntax-faults.ts';
import { child, targetOf } from './yaml-steps.ts';

/** A policy file as YAML read it, with the way back from a value to its line. */
export interface Source extends SourceText {
  readonly doc: Document;
  readonly lines: LineCounter;
  /** Plain JavaScript; undefined for an empty file and for one that is not valid YAML. */
  readonly value: unknown;
  /** True if `value` cannot be trusted: other faults would only be echoes of the first. */
  readonly isBroken: boolean;
  readonly faults: readonly Diagnostic[];
}

export type Path = readonly (string | number)[];

export type Place = Pick<Diagnostic, 'file' | 'line' | 'column' | 'length'>;

/** A policy needs about a dozen levels. Deeper files are mistakes, or written to exhaust the stack. */
const nestingMax = 64;

/**
 * Reads one file. Never throws: what YAML cannot read becomes CP1006, a key written twice CP1007. `schema` says where
 * the text of the file counts and not what YAML makes of it; a policy's when left out.
 */
export function readSource({ path, text }: SourceText, schema?: z.core.$ZodType): Source {
  const lines = new LineCounter();
  try {
    const doc = parseDocument(text, {
      lineCounter: lines,
      prettyErrors: false,
      uniqueKeys: false,
      // Warnings come back as diagnostics; the library must not print them too.
      logLevel: 'error',
    });
    const base = { path, text, doc, lines };
    const syntax = syntaxFaults(doc.errors, doc.warnings, lines).map(
      ({ pos, ...fault }): Diagnostic => ({
        ...placeOf(base, ...pos),
        code: 'CP1006',
        path: '',
        ...fault,
      }),
    );
    const faults = [...syntax, ...secretFaults(base), ...nodeFaults(base, schema)];
    const isBroken = faults.some(({ code, severity }) => code === 'CP1006' && severity === 'error');
    return { ...base, value: isBroken ? undefined : doc.toJS(), isBroken, faults };
  } catch (error) {
    const message = `cannot be read: ${firstLine(error instanceof Error ? error.message : String(error))}`;
    const fault: Diagnostic = { ...fileStart(path), severity: 'error', code: 'CP1006', path: '', message };
    return { path, text, doc: parseDocument(''), lines, value: undefined, isBroken: true, faults: [fault] };
  }
}

/** The place of the deepest node that exists along the path, and whether that is the whole path. */
export function locate(
  source: Source,
  path: Path,
  on: 'key' | 'value',
): Place & { readonly isWhole: boolean } {
  let node: unknown = source.doc.contents;
  let best: Node | undefined;
  let found = 0;
  for (const segment of path) {
    const step = child(source.doc, node, segment);
    if (!step) break;
    found += 1;
    node = step.value;
    const isLast = found === path.length;
    const preferred = isLast && on === 'value' ? (step.value ?? step.key) : (step.key ?? step.value);
    best = hasRange(preferred) ? preferred : best;
  }
  const isWhole = found === path.length;
  const [start, end] = best?.range ?? [0, 0];
  return { ...(best ? placeOf(source, start, end) : fileStart(source.path)), isWhole };
}

export function fileStart(path: string): Place {
  return { file: path, line: 1, column: 1, length: 1 };
}

type Base = Pick<Source, 'path' | 'text' | 'doc' | 'lines'>;

function placeOf(
  { path, text, lines }: Pick<Base, 'path' | 'text' | 'lines'>,
  start: number,
  end: number,
): Place {
  const { line, col } = lines.linePos(Math.min(start, text.length));
  const lineEnd = text.slice(start).search(/\r?\n|$/) + start;
  return {
    file: path,
    line: Math.max(1, line),
    column: Math.max(1, col),
    length: Math.max(1, Math.min(end, lineEnd) - start),
  };
}

/** Of the text, not of the values: comments and keys are read by as many. */
function secretFaults(base: Base): readonly Diagnostic[] {
  return secretsIn(base.text).map(({ start, end, noun }) => ({
    ...placeOf(base, start, end),
    severity: 'error',
    code: 'CP3001',
    path: '',
    message: `${noun} is written out`,
    hint: 'take it back where it was issued, and keep the new one in a secret store: files are copied',
  }));
}

/** One walk over the nodes: keys written twice, aliases in circles, and ids that YAML took for numbers. */
function nodeFaults(base: Base, schema: z.core.$ZodType | undefined): readonly Diagnostic[] {
  const faults: Diagnostic[] = [];
  const add = (node: Node, fault: Pick<Diagnostic, 'severity' | 'code' | 'path' | 'message' | 'hint'>) => {
    const [start, end] = node.range ?? [0, 0];
    faults.push({ ...placeOf(base, start, end), ...fault });
  };
  visit(base.doc, {
    Node: (_key, node, ancestors) => {
      if (ancestors.length <= 2 * nestingMax) return undefined;
      const message = `more than ${nestingMax} levels deep`;
      add(node, { severity: 'error', code: 'CP1006', path: '', message });
      return visit.BREAK;
    },
  });
  if (faults.length > 0) return faults;
  visit(base.doc, {
    Map: (_key, map, ancestors) => {
      for (const { node, first, key } of repeatedKeys(map)) {
        const at = first.range ? placeOf(base, first.range[0], first.range[1]) : undefined;
        const message = `"${key}" is written twice${at ? `, first at line ${at.line}` : ''}`;
        const path = pathText([...pathOf(ancestors), key]);
        add(node, { severity: 'error', code: 'CP1007', path, message, hint: 'keep one of the two' });
      }
    },
    Alias: (_key, alias, ancestors) => {
      const target = targetOf(base.doc, alias);
      const fault = { severity: 'error', code: 'CP1006', path: pathText(pathOf(ancestors)) } as const;
      // An alias without a name is told by YAML.
      if (target === undefined && alias.source !== '') {
        const message = `nothing above is marked as &${alias.source}`;
        add(alias, {
          ...fault,
          message,
          hint: `mark the value that it stands for with &${alias.source}; a text needs quotes: "*${alias.source}"`,
        });
      } else if (target !== undefined && ancestors.includes(target)) {
        const message = `the alias *${alias.source} stands inside of what it stands for`;
        add(alias, { ...fault, message });
      }
    },
    Scalar: (key, scalar, ancestors) => {
      if (key === 'key') return;
      const path = pathOf(ancestors);
      const misread = takeVerbatim(scalar, path, schema);
      if (misread) add(scalar, { severity: 'warning', code: 'CP1002', path: pathText(path), ...misread });
    },
  });
  return faults;
}

/** `00e1500000000001` is the number 0 to YAML: where text is wanted, the text of the file is taken instead. */
function takeVerbatim(
  scalar: Scalar,
  path: Path,
  root: z.core.$ZodType | undefined,
): { message: string; hint: string } | undefined {
  const { value, source } = scalar;
  if ((typeof value !== 'number' && typeof value !== 'boolean') || source === undefined) return undefined;
  const schema = schemaAt(path, root);
  const verbatim = schema && valueMeta(schema).verbatim;
  if (verbatim === undefined) return undefined;
  scalar.value = source;
  if (verbatim === 'text') return undefined;
  return {
    message: `YAML reads ${source} as the ${typeof value} ${value}; taken as text`,
    hint: `quote it: "${source}"`,
  };
}

interface RepeatedKey {
  readonly node: Node;
  readonly first: Node;
  readonly key: string;
}

function repeatedKeys(map: YAMLMap): readonly RepeatedKey[] {
  const firsts = new Map<string, Node>();
  const repeated: RepeatedKey[] = [];
  for (const { key: node } of map.items) {
    if (!isScalar(node)) continue;
    const key = String(node.value);
    const first = firsts.get(key);
    if (first) repeated.push({ node, first, key });
    else firsts.set(key, node);
  }
  return repeated;
}

/** The keys on the way to a node. Positions inside a list are not needed for anything and stay 0. */
function pathOf(ancestors: readonly unknown[]): (string | number)[] {
  return ancestors.flatMap((ancestor): (string | number)[] => {
    if (isSeq(ancestor)) return [0];
    const key = (ancestor as { key?: unknown }).key;
    return isScalar(key) ? [String(key.value)] : [];
  });
}

function hasRange(node: unknown): node is Node {
  return Array.isArray((node as { range?: unknown } | null | undefined)?.range);
}

function firstLine(text: string): string {
  return text.split('\n')[0] ?? '';
}
