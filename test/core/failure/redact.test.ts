import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { classify } from '../../../src/core/failure/classify.ts';
import { redact } from '../../../src/core/failure/redact.ts';

/** A secret in the shape in which drivers print it; `secret` is what may not be seen. */
const leaks: readonly { readonly text: string; readonly secret: string }[] = [
  { text: 'password=hunter2hunter2', secret: 'hunter2' },
  { text: 'fs.s3a.secret.key = wJalrXUtnFEMI/K7MDENG', secret: 'wJalrXUtnFEMI' },
  { text: '"aws_secret_access_key": "wJalrXUtnFEMI/K7MDENG"', secret: 'wJalrXUtnFEMI' },
  { text: 'accessKey AKIAIOSFODNN7EXAMPLE', secret: 'IOSFODNN7' },
  { text: 'jdbc:postgresql://ana:open.sesame@db:5432/shop', secret: 'open.sesame' },
  { text: 'jdbc:mysql://db/shop?user=ana&password=open.sesame&useSSL=true', secret: 'open.sesame' },
  { text: 'jdbc:oracle:thin:ana/open.sesame@db:1521/shop', secret: 'open.sesame' },
  {
    text: 'GET https://b.s3.amazonaws.com/k?X-Amz-Credential=ABC%2F2026&X-Amz-Signature=0f1e2d3c&X-Amz-Security-Token=FwoGZ',
    secret: '0f1e2d3c',
  },
  { text: 'Authorization: Bearer abcdef.ghijkl-mnop', secret: 'ghijkl' },
  { text: 'sessionToken: FwoGZXIvYXdzEBYaDKtoken1234', secret: 'FwoGZXIv' },
  { text: 'PlainLoginModule required username="ana" password="two words";', secret: 'two words' },
  { text: 'https://hooks.slack.com/services/T0/B0/abcdef', secret: 'abcdef' },
  { text: 'jwt eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl', secret: 'eyJzdWIi' },
  { text: "CREATE USER ana IDENTIFIED BY 'open.sesame'", secret: 'open.sesame' },
];

describe('redact', () => {
  it.each(leaks)('hides the secret in: $text', ({ text, secret }) => {
    expect(redact(text)).not.toContain(secret);
    expect(redact(text)).toContain('[redacted]');
  });

  it('hides them also in what a judgement quotes, wherever the quotation is cut', () => {
    for (const { text, secret } of leaks) {
      for (const before of [2, 90, 100, 250, 280]) {
        const line = `${'x '.repeat(before / 2)}${text} java.lang.OutOfMemoryError: Java heap space ${text}`;
        const { evidence, rule } = classify({ state: 'FAILED', text: line });
        expect(rule).toBe('out-of-memory');
        expect(evidence, line).not.toContain(secret);
      }
    }
  });

  it('leaves alone what only sounds like a secret', () => {
    for (const text of [
      'The security token included in the request is expired',
      'token: expired',
      "Unrecognized token 'x': was expecting (JSON String)",
      'key not found: subSequenceNumber',
      's3://bucket/checkpoint/state/0/1/2.delta',
    ]) {
      expect(redact(text)).toBe(text);
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
