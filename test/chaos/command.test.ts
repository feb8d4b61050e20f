import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';

const folder = mkdtempSync(join(tmpdir(), 'chaos-'));
afterAll(() => rmSync(folder, { recursive: true }));

function chaos(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['src/cli/chaos.ts', ...args], {
    encoding: 'utf8',
  });
  return { status, stdout, stderr };
}

describe('npm run chaos', () => {
  it('prints one JSON document on stdout, its progress on stderr, and writes what the world saw', () => {
    const file = join(folder, 'calls.jsonl');
    const { status, stdout, stderr } = chaos('--seeds', '3..4', '--json', '--calls', file);
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      schedules: 2,
      passes: expect.any(Number),
      signals: expect.any(Number),
      faults: expect.any(Object),
      violations: [],
      converged: 2,
      plants: [],
    });
    expect(stderr).toContain('seeds 3..4');
    const seeds = readFileSync(file, 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line).seed);
    expect(new Set(seeds)).toEqual(new Set([3, 4]));
    expect(seeds).toEqual([...seeds].sort((a, b) => a - b));
  });

  it('ends with 0 when it has found the planted bug, and stops there', () => {
    const { status, stdout } = chaos('--seeds', '1..50', '--json', '--plant', 'token-per-try');
    expect(status).toBe(0);
    const { violations, schedules, plants } = JSON.parse(stdout);
    expect(violations).toHaveLength(1);
    expect(violations[0]).toMatchObject({ seed: schedules, step: expect.any(Number) });
    expect(plants).toEqual(['token-per-try']);
  });

  it.each([
    [[], /--seeds A\.\.B is missing/],
    [['--seeds', 'many'], /--seeds many: expected A\.\.B/],
    [['--seeds', '9..3'], /3 comes before 9/],
    [['--seeds', '1..2', '--plant', 'no-such'], /no such bug. There are token-per-try/],
    [['--seeds', '1..2', '--shout'], /Unknown option '--shout'/],
    [['--seeds', '1..2', '--calls', '/no/such/folder/calls'], /--calls \/no\/such\/folder\/calls: ENOENT/],
  ])('refuses %j plainly', (args, said) => {
    const { status, stdout, stderr } = chaos(...args);
    expect(status).toBe(64);
    expect(stdout).toBe('');
    expect(stderr).toMatch(said);
    expect(stderr).not.toContain('    at ');
  });
});
