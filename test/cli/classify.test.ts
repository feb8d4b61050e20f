import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { cli, folderWith } from './support.ts';

const oom = 'java.lang.OutOfMemoryError: Java heap space';
const jsonLines = (out: string) =>
  out
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));

describe('classify --jsonl', () => {
  it('prints one judgement a line, in the order of the texts', async () => {
    const rows = [
      { id: 'a', text: oom, more: 'ignored' },
      { id: 7, text: '', context: { state: 'CANCELLED', everCommitted: null } },
      { id: 'c', text: 'Error while Describe Streams', context: { everCommitted: false } },
    ];
    const cwd = folderWith({ 'texts.jsonl': `${rows.map((row) => JSON.stringify(row)).join('\r\n')}\n\n` });
    const { code, out, err } = await cli(['classify', '--jsonl', 'texts.jsonl', '--json'], { cwd });
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(jsonLines(out)).toEqual([
      expect.objectContaining({
        id: 'a',
        class: 'memory-exhausted',
        action: 'restart-with-more-memory',
        confidence: 0.95,
        rule: 'out-of-memory',
        evidence: oom,
      }),
      expect.objectContaining({ id: 7, class: 'cancelled', action: 'ignore' }),
      expect.objectContaining({ id: 'c', class: 'config-invalid', action: 'stop-and-page' }),
    ]);
  });

  it('says which lines are bad and why, judges the rest, and ends with 1', async () => {
    const cwd = folderWith({
      'texts.jsonl': [
        '{"id":"a"}',
        'no',
        JSON.stringify({ id: 'b', text: oom }),
        '{"id":"c","text":"","context":{"attempts":"3"}}',
      ].join('\n'),
    });
    const { code, out, err } = await cli(['classify', '--jsonl', 'texts.jsonl', '--json'], { cwd });
    expect(code).toBe(1);
    expect(jsonLines(out).map(({ id }) => id)).toEqual(['b']);
    const [first, second, third] = err.split('\n');
    expect(first).toMatch(/^texts\.jsonl:1: text: .*a line is/);
    expect(second).toMatch(/^texts\.jsonl:2: not JSON; a line is/);
    expect(third).toMatch(/^texts\.jsonl:4: context\.attempts: /);
  });

  it('reads stdin for a dash', async () => {
    const { code, out } = await cli(['classify', '--jsonl', '-'], {
      in: fromText(JSON.stringify({ id: 1, text: oom })),
    });
    expect(code).toBe(0);
    expect(jsonLines(out)).toHaveLength(1);
  });
});

describe('classify FILE', () => {
  it('quotes no secret, to a person or to a script, of a file or of a list', async () => {
    const text = `26/11/28 10:00:00 ERROR Query: ${oom} with {'password': b'hunter2'} and Map(secret -> swordfish)`;
    const cwd = folderWith({
      'driver.log': text,
      'texts.jsonl': `${JSON.stringify({ id: 1, text })}\n{"id": 2, "password": "hunter2" and no more`,
    });
    for (const args of [['driver.log'], ['driver.log', '--json'], ['--jsonl', 'texts.jsonl']]) {
      const { out, err } = await cli(['classify', ...args], { cwd });
      expect(out).toContain('OutOfMemoryError');
      expect(`${out}${err}`).not.toMatch(/hunter2|swordfish/);
    }
  });

  it('tells a person class, action and place, and prints nothing that steers the terminal', async () => {
    const cwd = folderWith({ 'driver.log': `fine\n\u001b[31m${oom}\u0007\n` });
    const { code, out } = await cli(['classify', 'driver.log'], { cwd });
    expect(code).toBe(0);
    expect(out).toContain('memory-exhausted');
    expect(out).toContain('driver.log, line 2');
    expect([...out].filter((letter) => letter < ' ' && letter !== '\n')).toEqual([]);
  });

  it('prints the same for scripts with --json', async () => {
    const { out } = await cli(['classify', '-', '--json'], { in: fromText(oom) });
    expect(JSON.parse(out)).toMatchObject({ class: 'memory-exhausted', place: { source: 'stdin', line: 1 } });
  });

  it('says what is wrong with a file that cannot be read', async () => {
    const cwd = folderWith({});
    expect(await cli(['classify', 'no.log'], { cwd })).toEqual({
      code: 1,
      out: '',
      err: 'no.log: there is no such file; name a text file, or - for stdin\n',
    });
    expect((await cli(['classify', join(cwd, '.')], { cwd })).err).toContain('this is a folder');
  });

  it('takes files or one list, not none and not both', async () => {
    for (const args of [['classify'], ['classify', 'a', '--jsonl', 'b']]) {
      const { code, err } = await cli(args);
      expect(code).toBe(64);
      expect(err).toContain('name the FILEs of one run, or --jsonl FILE');
    }
  });
});

async function* fromText(text: string): AsyncGenerator<string> {
  yield text;
}
