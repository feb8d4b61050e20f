import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { classify } from '../../../src/core/failure/classify.ts';
import { telling } from '../../../src/core/failure/lines.ts';
import { redact } from '../../../src/core/failure/redact.ts';
import { namedSecrets } from '../../../src/core/failure/secret-names.ts';
import { shapedSecrets } from '../../../src/core/failure/secret-shapes.ts';

/** A secret in each form that the rules know; what each of them hides stands beside it. */
const leaks = [...namedSecrets, ...shapedSecrets].flatMap(({ examples }) =>
  examples.map(([text, secret]) => ({ text, secret })),
);

/** One line each, as they stand in what is quoted. */
const lines = leaks.filter(({ text }) => !text.includes('\n'));

describe('redact', () => {
  it('hides them also in what a judgement quotes, wherever the quotation is cut', () => {
    for (const { text, secret } of lines) {
      for (const before of [2, 90, 100, 250, 280]) {
        const line = `${'x '.repeat(before / 2)}${text} java.lang.OutOfMemoryError: Java heap space ${text}`;
        const { evidence } = classify({ state: 'FAILED', text: line });
        expect(evidence, line).not.toContain(secret);
      }
    }
  });

  it('changes nothing the second time', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(...leaks.map(({ text }) => text), 'at a.b(C.java:1)', '\n')),
        (parts) => {
          const once = redact(parts.join(' '));
          expect(redact(once)).toBe(once);
        },
      ),
    );
  });
});

describe('a private key', () => {
  const key = Array.from({ length: 6 }, (_, n) => `MIIE${String(n).repeat(59)}A`);
  const begin = '-----BEGIN PRIVATE KEY-----';
  const end = '-----END PRIVATE KEY-----';

  it('goes as a whole, with its short last line, and leaves the lines that it had', () => {
    const text = ['before', begin, ...key, 'short==', end, 'after'].join('\n');
    expect(redact(text)).toBe(`before\n[redacted]${'\n'.repeat(8)}\nafter`);
  });

  it.each([
    [
      'of PGP',
      [
        '-----BEGIN PGP PRIVATE KEY BLOCK-----',
        'Version: 2',
        '',
        'hunter2',
        '=ab12',
        '-----END PGP PRIVATE KEY BLOCK-----',
      ],
    ],
    [
      'that is encrypted',
      [
        '-----BEGIN RSA PRIVATE KEY-----',
        'Proc-Type: 4,ENCRYPTED',
        'DEK-Info: AES-256-CBC,AB',
        '',
        'hunter2',
        '-----END RSA PRIVATE KEY-----',
      ],
    ],
    ['that breaks off', ['-----BEGIN EC PRIVATE KEY-----', ...key, 'hunter2']],
    ['whose beginning is cut off', ['hunter2', ...key, 'hunter2==', end]],
  ])('%s goes as a whole, on many lines, on one, and with its line ends written out', (_what, parts) => {
    for (const join of ['\n', ' ', '\\n', '\\\\n', '\n    '])
      expect(redact(parts.join(join))).not.toContain('hunter2');
  });

  it('is looked for no further than its lines go', () => {
    const error = 'java.io.IOException: the file does not begin with -----BEGIN PRIVATE KEY-----';
    const text = `${error}\n\tat a.b.C(D.java:1)\nCaused by: java.lang.OutOfMemoryError: Java heap space`;
    expect(classify({ state: 'FAILED', text }).rule).toBe('out-of-memory');
  });

  it('in a driver log is no part of what is quoted', () => {
    const log = [
      '26/11/28 10:00:00 ERROR Client: no key in',
      begin,
      ...key,
      'ValueError=hunter2==',
      end,
    ].join('\n');
    expect(classify({ state: 'FAILED', text: log }).evidence).not.toMatch(/hunter2|MIIE/);
  });
});

describe('a cut through a long text', () => {
  const quiet = '26/11/28 10:00:00 INFO Executor: working on it as usual, nothing to see\n'.repeat(1_500);
  const error = 'java.lang.OutOfMemoryError: Java heap space';

  it('of an early line shows no half of a secret', () => {
    for (const { text: shown, secret } of lines)
      for (let before = 0; before <= shown.length; before += 7) {
        const filler = 'z '.repeat((2_000 - before - error.length - 20) / 2);
        const text = `ERROR Sink: ${filler}${error} ${shown} ${'y '.repeat(9_000)}\n${quiet}`;
        const [line] = telling({ source: 'x', text });
        expect(line?.text.length).toBeLessThanOrEqual(2_000);
        const told = (line?.text ?? '').slice(filler.length + error.length);
        for (let part = secret; part.length >= 4; part = part.slice(0, -1))
          expect(told.endsWith(part), `${told} shows ${part}`).toBe(false);
      }
  });

  it('of the last part begins with a whole line', () => {
    const line = `ERROR Sink: password="${'hunter2 '.repeat(20)}" ${error}\n`;
    for (let inside = 1; inside < line.length; inside += 11) {
      const text = `first\n${line}${'x'.repeat(65_536 - line.length + inside)}`;
      const judgement = classify({ state: 'FAILED', text });
      expect(judgement.evidence).toContain(error);
      expect(judgement.evidence).not.toContain('hunter2');
    }
  });

  it('of one line that never ends begins with a whole word', () => {
    const text = `${'x'.repeat(90_000)} password=${'hunter2'.repeat(9)} ${error} ${'y'.repeat(65_460)}`;
    for (let cut = 0; cut < 120; cut += 5)
      expect(classify({ state: 'FAILED', text: `${text}${'y'.repeat(cut)}` }).evidence).not.toContain(
        'hunter2',
      );
  });
});

describe('redaction', () => {
  it('leaves the public texts of failures as they are', () => {
    const folder = new URL('../../fixtures/failures/', import.meta.url);
    const touched: string[] = [];
    let texts = 0;
    for (const file of readdirSync(folder))
      for (const row of readFileSync(new URL(file, folder), 'utf8').trimEnd().split('\n')) {
        const { id, text } = JSON.parse(row) as { id: string; text: string };
        texts += 1;
        const said = telling({ source: id, text }).map((line) => line.text.trim());
        const clean = redact(said.join('\n')).split('\n');
        expect(clean.length).toBe(said.length);
        touched.push(
          ...said.filter((line, index) => line !== clean[index]).map((line) => `${file} ${id}: ${line}`),
        );
      }
    expect(texts).toBeGreaterThan(1_200);
    expect(touched).toEqual([]);
  });

  it('takes a time that grows with the text and no faster', () => {
    const pieces = leaks.flatMap(({ text }) => text.match(/[\w.]+|[^\w.]+/g) ?? []);
    const units = new Set([
      ...pieces,
      ...leaks.map(({ text }) => text),
      '-----BEGIN PRIVATE KEY-----',
      '-----END PRIVATE KEY-----\n',
      'AAAA\n',
      '\\',
      'a.',
      '/a',
      'x-',
    ]);
    // The faster of two: a machine that is busy is not slow with one text only.
    const msOf = (text: string) =>
      Math.min(
        ...[1, 2].map(() => {
          const beganMs = performance.now();
          redact(text);
          return performance.now() - beganMs;
        }),
      );
    for (const unit of units) {
      const [small, large] = [8_000, 64_000].map((chars) => msOf(unit.repeat(chars / unit.length)));
      // Eight times the text: quadratic would be sixty-four.
      expect(large, JSON.stringify(unit)).toBeLessThan(24 * Math.max(small ?? 0, 10));
    }
  }, 60_000);
});
