import { matchesGlob } from '../core/match.ts';

/** Whether some name fits both globs; `*` is any text, everything else stands for itself. */
export function globsOverlap(a: string, b: string): boolean {
  if (!a.includes('*')) return matchesGlob(b, a);
  if (!b.includes('*')) return matchesGlob(a, b);
  // With a star in each, the middles can follow one another; only the fixed ends can disagree.
  const [headA, tailA] = ends(a);
  const [headB, tailB] = ends(b);
  const headsAgree = headA.startsWith(headB) || headB.startsWith(headA);
  return headsAgree && (tailA.endsWith(tailB) || tailB.endsWith(tailA));
}

function ends(glob: string): readonly [head: string, tail: string] {
  return [glob.slice(0, glob.indexOf('*')), glob.slice(glob.lastIndexOf('*') + 1)];
}
