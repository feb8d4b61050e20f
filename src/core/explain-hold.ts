import type { Hold } from './decision.ts';
import { forMs } from './explain-seen.ts';
import { withholdings } from './reason.ts';

/** What holds a command back, by name, and for how long: `a deny window of the policy is open ("sale" ends in 9 h)`. */
export function holdText({ why, window, untilMs }: Hold, atMs: number): string {
  const change = why === 'outside-allow-window' ? 'opens' : 'ends';
  const more = [
    ...(window === undefined ? [] : [`"${window}"`]),
    ...(untilMs === undefined ? [] : [`${change} in ${forMs(Math.max(0, untilMs - atMs))}`]),
  ];
  return more.length === 0 ? withholdings[why] : `${withholdings[why]} (${more.join(' ')})`;
}
