import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { Host } from '../../src/cli/host.ts';
import { runCli } from '../../src/cli/program.ts';

export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs a command line in this process, in front of nobody unless told otherwise. */
export async function cli(args: readonly string[], host: Partial<Host> = {}): Promise<Ran> {
  let [out, err] = ['', ''];
  const code = await runCli(args, {
    env: {},
    cwd: process.cwd(),
    isTty: false,
    confirm: async () => undefined,
    out: (text) => {
      out += text;
    },
    err: (text) => {
      err += text;
    },
    ...host,
  });
  return { code, out, err };
}

export const fixtures = join(import.meta.dirname, '../policy/fixtures');

export function fixture(name: string): string {
  return join(fixtures, name);
}

/** A folder with these files, gone after the test. */
export function folderWith(files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'checkpilot-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return folder;
}

/** A policy file; `jobs` is the YAML of each job, written on one line. */
export function policyText(
  jobs: Readonly<Record<string, string>>,
  metadata: { accountId?: string; region?: string } = {},
): string {
  const { accountId = '111122223333', region = 'us-east-1' } = metadata;
  const lines = Object.entries(jobs).map(
    ([name, more]) =>
      `  ${name}: { checkpoint: { location: s3://bucket/${name}/ }${more === '' ? '' : `, ${more}`} }\n`,
  );
  return `apiVersion: checkpilot/v1
kind: Policy
metadata: { name: shop, accountId: "${accountId}", region: ${region}, owner: team }
defaults: { match: { application: { id: 00f1cbsc6anuij25 } } }
jobs:
${lines.join('')}`;
}
