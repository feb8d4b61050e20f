/** Cut at the end of a word, and marked with `…`; only a word longer than half of it is cut inside. */
export function cutWords(text: string, lengthMax: number): string {
  if (text.length <= lengthMax) return text;
  const head = text.slice(0, lengthMax - 1);
  const isWhole = /\s/.test(text.charAt(lengthMax - 1));
  const words = isWhole ? head : head.replace(/\s+\S*$/, '');
  const kept = words.length >= lengthMax / 2 ? words : head;
  // Never in the middle of a character of two units, and no loose comma before the mark.
  return `${kept.replace(/[\uD800-\uDBFF]$/, '').replace(/[\s,;:(]+$/, '')}…`;
}
