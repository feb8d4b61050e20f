import { describe, expect, it } from 'vitest';
import { onlyAtHome } from '../../src/runtime/home.ts';
import { testPolicy } from '../support/fleet.ts';

const policies = {
  current: async () => ({ ok: true as const, value: { policy: testPolicy({ orders: {} }), hash: 'h' } }),
};

describe('a policy for another place', () => {
  it.each([
    ['another Region', { region: 'eu-west-1', account: '111122223333' }],
    ['another account', { region: 'us-east-1', account: '999988887777' }],
  ])('is refused in %s, with both places named', async (_where, home) => {
    const answer = await onlyAtHome(policies, home).current();
    expect(answer).toMatchObject({ ok: false, code: 'denied' });
    expect(answer.ok ? '' : answer.message).toContain(`and this is ${home.account} / ${home.region}`);
  });

  it('is taken at home, and where the stack does not tell its account', async () => {
    expect((await onlyAtHome(policies, { region: 'us-east-1', account: '111122223333' }).current()).ok).toBe(
      true,
    );
    expect((await onlyAtHome(policies, { region: 'us-east-1' }).current()).ok).toBe(true);
  });
});
