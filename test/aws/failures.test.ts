import { describe, expect, it } from 'vitest';
import { errorFacts, malformed, sentence, toFailure } from '../../src/aws/failures.ts';

const quoting = (name: string, status: number) =>
  Object.assign(new Error('cannot take {"user": "ana", "password": "hunter2", "size": 3}'), {
    name,
    $metadata: { httpStatusCode: status },
  });

describe('an error of AWS that quotes a request', () => {
  it.each([
    ['ValidationException', 400, 'malformed'],
    ['AccessDeniedException', 403, 'denied'],
    ['ThrottlingException', 400, 'throttled'],
    ['ResourceNotFoundException', 404, 'not-found'],
    ['InternalServerException', 500, 'unavailable'],
  ])('is told without its secrets: %s', (name, status, code) => {
    const failure = toFailure(quoting(name, status));
    expect(failure).toMatchObject({
      code,
      message: expect.stringContaining('"password": [redacted], "size": 3'),
    });
    expect(sentence(errorFacts(quoting(name, status)))).not.toContain('hunter2');
  });

  it('is told without them where we could not read an answer', () => {
    const message = 'policies/x: Unexpected token, "password": "hunter2", is not valid JSON';
    expect(malformed(message).message).not.toContain('hunter2');
  });
});
