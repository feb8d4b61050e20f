import { describe, expect, it } from 'vitest';
import { signedNotAfter, TooLateError } from '../../src/aws/deadline.ts';

describe('signedNotAfter', () => {
  const notAfterMs = Date.parse('2026-01-01T00:02:00Z');
  const check = signedNotAfter(notAfterMs);

  it('passes a signature of the last second', () => {
    expect(() => check({ 'x-amz-date': '20260101T000200Z' })).not.toThrow();
  });

  it('stops the first signature after it', () => {
    expect(() => check({ 'x-amz-date': '20260101T000201Z' })).toThrow(TooLateError);
  });

  it('stops a request whose signature tells no time', () => {
    expect(() => check({})).toThrow(/no readable x-amz-date/);
    expect(() => check({ 'x-amz-date': 'today' })).toThrow(/no readable x-amz-date/);
  });
});
