import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Wake } from '../../src/control/ports.ts';
import { parseWake } from '../../src/events/wake.ts';

const wakes: readonly Wake[] = [
  { kind: 'job', job: 'orders', cause: 'due' },
  { kind: 'job', job: 'orders', cause: 'declared', look: true },
  { kind: 'run', applicationId: '00app', jobRunId: '00run', cause: 'event FAILED' },
  { kind: 'job', job: 'n'.repeat(256), cause: 'the longest name that a policy may have' },
  { kind: 'release' },
];

describe('a wake message', () => {
  it.each(wakes)('round-trips: $kind', (wake) => {
    expect(parseWake(JSON.stringify(wake))).toEqual({ ok: true, value: wake });
  });

  it.each([
    ['not JSON', 'orders', /is not JSON/],
    ['an unknown kind', '{"kind":"nonsense"}', /kind/],
    ['a job without a name', '{"kind":"job","cause":"due"}', /job: /],
    ['an empty job name', '{"kind":"job","job":"","cause":"due"}', /job: /],
  ])('that is %s is refused with what is wrong', (_what, body, message) => {
    const parsed = parseWake(body);
    expect(parsed.ok ? '' : parsed.message).toMatch(message);
  });

  it('never makes the parser throw', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (body) => typeof parseWake(body).ok === 'boolean'),
    );
  });
});
