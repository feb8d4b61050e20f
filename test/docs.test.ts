import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { projectPages } from '../scripts/docs/pages.ts';
import { fillRegion } from '../scripts/docs/regions.ts';
import { loadPolicy } from '../src/policy/load.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const documents = [
  'README.md',
  'CHANGELOG.md',
  ...readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.md'))
    .map((path) => `docs/${path.split(sep).join('/')}`),
].sort();

/** Absolute folders of a machine. The home of EMR's containers is not one: failure texts quote it. */
const machinePath = /(?:^|[\s`"'(=])(?:\/(?:work|root|tmp|Users|mnt)\/|\/home\/(?!hadoop\/)|[A-Z]:\\)\S*/gm;

function textOf(document: string): string {
  return readFileSync(join(root, document), 'utf8');
}

describe('generated pages', () => {
  // One of them holds what the demo prints, so it runs: five seconds alone, more beside other tests.
  it('are what npm run docs would write now, the demo’s own words included', {
    timeout: 300_000,
  }, async () => {
    for (const { path, text } of await projectPages(root)) expect(textOf(path), path).toBe(text);
  });

  it('are not filled when a marker is missing', () => {
    expect(() => fillRegion('# A page\n', 'demo output', 'text')).toThrow(/demo output/);
  });
});

describe('the policy that the README begins with for one’s own jobs', () => {
  it('has no faults', () => {
    const [, part = ''] = textOf('README.md').split('## Your own jobs');
    const [, yaml = ''] = /```yaml\n([\s\S]*?)```/.exec(part) ?? [];
    const text = yaml.replaceAll(/^ {3}/gm, '');
    expect(loadPolicy([{ path: 'policies/shop.yaml', text }])).toMatchObject({ ok: true, warnings: [] });
  });
});

describe('links', () => {
  it.each(documents)('of %s lead to a file or a heading of this repository', (document) => {
    expect(linksOf(textOf(document)).flatMap((link) => faultOf(document, link) ?? [])).toEqual([]);
  });

  it('are found to be broken', () => {
    const faults = ['docs/nowhere.md', '#no-such-heading', '../outside.md', 'docs/facts.md#nothing'];
    expect(faults.map((link) => faultOf('README.md', link))).not.toContain(undefined);
    expect(faultOf('README.md', 'docs/protocol.md#what-it-assumes')).toBeUndefined();
  });
});

describe('documents', () => {
  it.each(documents)('%s names no folder of one person’s machine', (document) => {
    expect(textOf(document).match(machinePath)).toBeNull();
  });

  it.each(documents)('%s names no npm script that package.json does not have', (document) => {
    const { scripts } = JSON.parse(textOf('package.json')) as { scripts: Record<string, string> };
    const named = [...textOf(document).matchAll(/npm run (?:--silent )?([a-z][\w:-]*)/g)].map(
      ([, name]) => name,
    );
    expect(named.filter((name) => name === undefined || scripts[name] === undefined)).toEqual([]);
  });
});

describe('the README', () => {
  it('shows one command first, and it needs nothing that the clone does not bring', () => {
    const [first] = /```sh\n(.*)\n```/.exec(textOf('README.md'))?.slice(1) ?? [];
    expect(first).toBe('npm run demo');
  });

  it('names only commands whose program is in the repository', () => {
    const { scripts } = JSON.parse(textOf('package.json')) as { scripts: Record<string, string> };
    const named = [...textOf('README.md').matchAll(/npm run ([a-z][\w:-]*)/g)].map(([, name = '']) => name);
    const programs = named.flatMap((name) => scripts[name]?.match(/\S+\.(?:ts|mjs)/g) ?? []);
    expect(programs.length).toBeGreaterThan(0);
    expect(programs.filter((path) => !existsSync(join(root, path)))).toEqual([]);
  });
});

/** Targets of Markdown links and images, less those that lead to the web. Code is not prose. */
function linksOf(text: string): string[] {
  const prose = text.replace(/^```[\s\S]*?^```/gm, '').replace(/`[^`\n]*`/g, '');
  const targets = [...prose.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target);
  return targets.filter((target) => !/^[a-z]+:/.test(target));
}

function faultOf(document: string, link: string): string | undefined {
  const [path = '', anchor] = link.split('#');
  const file = path === '' ? join(root, document) : resolve(join(root, dirname(document)), path);
  if (relative(root, file).startsWith('..')) return `${link}: outside the repository`;
  if (!existsSync(file)) return `${link}: not there`;
  if (anchor === undefined) return undefined;
  if (statSync(file).isDirectory() || !file.endsWith('.md')) return `${link}: only pages have headings`;
  return anchorsOf(readFileSync(file, 'utf8')).has(anchor) ? undefined : `${link}: no such heading`;
}

/** Anchors as GitHub makes them: lower case, no punctuation, blanks as hyphens, doubles numbered. */
function anchorsOf(page: string): Set<string> {
  const anchors = new Set<string>();
  const prose = page.replace(/^```[\s\S]*?^```/gm, '');
  for (const [, heading = ''] of prose.matchAll(/^#{1,6} (.+)$/gm)) {
    const slug = heading
      .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .trim()
      .replace(/\s/g, '-');
    let anchor = slug;
    for (let count = 1; anchors.has(anchor); count += 1) anchor = `${slug}-${count}`;
    anchors.add(anchor);
  }
  return anchors;
}
