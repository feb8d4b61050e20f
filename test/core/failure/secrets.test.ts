import { describe, expect, it } from 'vitest';
import { redact } from '../../../src/core/failure/redact.ts';
import { namedSecrets } from '../../../src/core/failure/secret-names.ts';
import { shapedSecrets } from '../../../src/core/failure/secret-shapes.ts';

describe.each([...namedSecrets, ...shapedSecrets])(
  'secrets of the form $id',
  ({ id, examples, leaves = [] }) => {
    it.each(examples)('are hidden in: %s', (text, secret) => {
      expect(text).toContain(secret);
      for (const around of [text, `ERROR x: ${text}`, `ERROR x: ${text} and more words`])
        expect(redact(around), id).not.toContain(secret);
      expect(redact(text)).toContain('[redacted]');
      expect(redact(redact(text))).toBe(redact(text));
    });

    it.each(leaves)('are not seen in: %s', (text) => {
      expect(redact(text)).toBe(text);
      expect(redact(`ERROR x: ${text} and more`)).toBe(`ERROR x: ${text} and more`);
    });
  },
);
