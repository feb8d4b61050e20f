import type { Policies } from '../control/ports.ts';

/**
 * A policy names its account and Region, and functions refuse any other: a policy that was applied to the wrong
 * table must not start jobs. The account is checked where the stack tells it to the functions.
 */
export function onlyAtHome(
  policies: Policies,
  home: { readonly region: string; readonly account?: string },
): Policies {
  return {
    async current() {
      const answer = await policies.current();
      if (!answer.ok) return answer;
      const { name, region, accountId } = answer.value.policy;
      const isHome = region === home.region && (home.account === undefined || accountId === home.account);
      if (isHome) return answer;
      const here = `${home.account ?? 'this account'} / ${home.region}`;
      return {
        ok: false,
        code: 'denied',
        message: `policy ${name} is for account ${accountId} in ${region}, and this is ${here}: nothing is done. Apply the policy of this account and Region.`,
      };
    },
  };
}
