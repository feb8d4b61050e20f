import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { reasons } from '../src/core/reason.ts';

interface SourceFile {
  /** From the root of the repository, with `/`. */
  readonly path: string;
  readonly lines: readonly string[];
}

/** A rule of the house over single lines of code. Comments are not code, and not judged. */
interface LineRule {
  readonly name: string;
  readonly applies: (path: string) => boolean;
  readonly forbids: RegExp;
  readonly instead: string;
  /** A line that breaks the rule; it proves that the rule can fail. */
  readonly breach: string;
}

/** More than one screen of names to keep in mind; the aim is 250. */
const linesMax = 300;
const root = fileURLToPath(new URL('..', import.meta.url));
const self = 'test/house.test.ts';

const isCore = (path: string) => path.startsWith('src/core/');
/** What is packaged for AWS. */
const runsInAws = (path: string) =>
  /^(?:functions|src\/(?:runtime|aws|control|core|policy|events|checkpoint|launch))\//.test(path);

const lineRules: readonly LineRule[] = [
  {
    name: 'core-has-no-clock',
    applies: isCore,
    forbids: /\bnew Date\b|\bDate\s*[.(]|\bperformance\s*\.|\bset(?:Timeout|Interval|Immediate)\b/,
    instead: 'take `nowMs` as an argument, and answer with `untilMs` where you would wait',
    breach: 'const at = Date.now();',
  },
  {
    name: 'core-has-no-chance',
    applies: isCore,
    forbids: /\bMath\s*\.\s*random\b|\brandomUUID\b|\bcrypto\b/,
    instead: 'take `random` or an id as an argument: the same input has to give the same decision',
    breach: 'const drawn = Math.random();',
  },
  {
    name: 'core-has-no-world',
    applies: isCore,
    forbids: /\bprocess\s*[.[]|\bfetch\s*\(|\bglobalThis\b|\bawait\b|\bconsole\s*\./,
    instead: 'read it in src/control and hand it in with the observation',
    breach: 'const table = process.env.CHECKPILOT_TABLE;',
  },
  {
    name: 'core-imports-core-only',
    applies: isCore,
    forbids:
      /\bfrom '(?!\.\.?\/)|\bfrom '(?:\.\.\/)+(?:policy|control|events|checkpoint|launch|aws|slack|runtime|cli|dashboard|world|local)\/|\bimport\s*\(/,
    instead: 'declare the type in src/core and let the other side fit it',
    breach: "import { z } from 'zod';",
  },
  {
    name: 'no-stand-ins-in-aws',
    applies: runsInAws,
    forbids: /\b(?:from|import)\s*\(?\s*'[^']*\/(?:world|local|test)\//,
    instead:
      'declare a port in src/control/ports.ts; only the CLI and tests import the world and the local stack',
    breach: "import { World } from '../world/world.ts';",
  },
  {
    name: 'nothing-left-open',
    applies: (path) => path !== self,
    forbids: /\b(?:TODO|FIXME|XXX)\b/,
    instead: 'finish it, or write down in docs what is left out and why',
    breach: "throw new Error('TODO');",
  },
  {
    name: 'every-test-runs',
    applies: (path) => path.startsWith('test/') && path !== self,
    forbids: /\b(?:it|test|describe|suite)\.(?:only|skip|todo)\b/,
    instead: 'mend or delete it; `skipIf` is for real parts that are not there',
    breach: "it.only('starts', () => {});",
  },
];

describe('the house', () => {
  const files = ['src', 'functions', 'scripts', 'test'].flatMap(sourcesUnder);

  it.each(lineRules)('obeys $name', (rule) => {
    expect(report(breaches(files, rule))).toBe('');
  });

  it('keeps every file of the product small enough to hold in view', () => {
    const product = files.filter(({ path }) => /^(?:src|functions)\//.test(path));
    const tooLong = product
      .filter(({ lines }) => lines.length > linesMax)
      .map(
        ({ path, lines }) =>
          `${path}:${lines.length} file-too-long: at most ${linesMax} lines; split it by noun`,
      );
    expect(report(tooLong)).toBe('');
  });

  it('gives no reason that no rule can give', () => {
    const deciding = files.filter(
      ({ path }) => /^src\/(?:core|control)\//.test(path) && !/^src\/core\/(?:reason|explain)/.test(path),
    );
    const text = deciding.flatMap(({ lines }) => lines.filter(isCode)).join('\n');
    const unused = Object.keys(reasons).filter((reason) => !text.includes(`'${reason}'`));
    const where = 'src/core/reason.ts:1 unused-reason';
    expect(
      report(unused.map((reason) => `${where}: '${reason}' is given nowhere; give it or delete it`)),
    ).toBe('');
  });
});

describe('each rule of the house', () => {
  it.each(lineRules)('can fail: $name', (rule) => {
    const path = ['src/core/a.ts', 'test/a.test.ts'].find(rule.applies) ?? expect.fail('applies to nothing');
    const found = breaches([{ path, lines: ['const fine = 1;', rule.breach] }], rule);
    expect(found).toEqual([expect.stringContaining(`${path}:2 ${rule.name}: `)]);
    expect(breaches([{ path, lines: [`// ${rule.breach}`, ` * ${rule.breach}`] }], rule)).toEqual(
      rule.name === 'nothing-left-open' ? [expect.any(String), expect.any(String)] : [],
    );
  });
});

function breaches(files: readonly SourceFile[], rule: LineRule): readonly string[] {
  // What was left open is left open in a comment, too.
  const counts = rule.name === 'nothing-left-open' ? () => true : isCode;
  return files
    .filter(({ path }) => rule.applies(path))
    .flatMap(({ path, lines }) =>
      lines.flatMap((line, index) =>
        counts(line) && rule.forbids.test(line)
          ? [`${path}:${index + 1} ${rule.name}: ${line.trim()}\n    instead: ${rule.instead}`]
          : [],
      ),
    );
}

function isCode(line: string): boolean {
  return !/^\s*(?:\/\/|\/?\*)/.test(line);
}

function report(found: readonly string[]): string {
  return found.join('\n');
}

function sourcesUnder(folder: string): readonly SourceFile[] {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.(?:ts|mjs)$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => !path.includes(`${sep}fixtures${sep}`))
    .map((path) => ({
      path: relative(root, path).split(sep).join('/'),
      lines: readFileSync(path, 'utf8').split('\n'),
    }));
}
