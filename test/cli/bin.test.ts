import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { fixture, folderWith, policyText } from './support.ts';

const bin = fileURLToPath(new URL('../../bin/checkpilot.mjs', import.meta.url));

function run(args: readonly string[], options: { cwd?: string; file?: string } = {}) {
  const { file = bin, cwd } = options;
  const { status, stdout, stderr } = spawnSync(process.execPath, [file, ...args], { encoding: 'utf8', cwd });
  return { code: status, out: stdout, err: stderr };
}

describe('bin/checkpilot.mjs', () => {
  it('runs a verb in the folder where it was called, and hands its exit code on', () => {
    const cwd = folderWith({ 'policy.yaml': policyText({ clicks: '' }) });
    expect(run(['check', 'policy.yaml'], { cwd })).toMatchObject({ code: 0, err: '' });
    expect(run(['check', fixture('bad-syntax.yaml')])).toMatchObject({ code: 3 });
    expect(run(['check', 'nowhere.yaml'], { cwd })).toMatchObject({ code: 1, out: '' });
    expect(run(['chekc'])).toMatchObject({ code: 64 });
  });

  it('keeps stdout clean for a pipe, to the last byte', () => {
    const { code, out, err } = run(['schema', '--json']);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(JSON.parse(out)).toMatchObject({ title: 'Checkpilot policy' });
  });

  it('says what to do where nothing is installed', () => {
    const folder = folderWith({});
    mkdirSync(join(folder, 'bin'));
    const file = join(folder, 'bin', 'checkpilot.mjs');
    copyFileSync(bin, file);
    const { code, out, err } = run(['schema'], { file });
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(err).toMatch(/^Checkpilot is not installed yet\. Run "npm ci" in .+, then try again\.\n$/);
  });
});
