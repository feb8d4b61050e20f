/** Longer words are not compared: no key of a policy is near this, and the work grows with the square. */
const wordLengthMax = 80;

/** The known word that was most likely meant; undefined if none is near. */
export function suggest(word: string, known: readonly string[]): string | undefined {
  if (word.length > wordLengthMax) return undefined;
  // One slip in three letters still looks like the word that was meant.
  const distanceMax = Math.max(1, Math.floor(word.length / 3));
  let best: { word: string; distance: number } | undefined;
  for (const candidate of known) {
    // Each letter more or less is a slip of its own.
    if (Math.abs(candidate.length - word.length) > distanceMax) continue;
    const distance = editDistance(word.toLowerCase(), candidate.toLowerCase());
    if (distance <= distanceMax && distance < (best?.distance ?? Number.POSITIVE_INFINITY)) {
      best = { word: candidate, distance };
    }
  }
  return best?.word ?? onlyLonger(word, known);
}

/** `token` for `tokenFrom`: the one known word that begins like it. Short words begin many. */
function onlyLonger(word: string, known: readonly string[]): string | undefined {
  const longer = known.filter((each) => each.toLowerCase().startsWith(word.toLowerCase()));
  return word.length >= 4 && longer.length === 1 ? longer[0] : undefined;
}

/** Levenshtein distance: the fewest letters to insert, delete or replace. */
export function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (const [i, letter] of [...a].entries()) {
    const next = [i + 1];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (letter === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
