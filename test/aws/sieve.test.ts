import { describe, expect, it } from 'vitest';
import { Sieve } from '../../src/aws/sieve.ts';
import { findLosses } from '../../src/core/losses.ts';

describe('a line that is cut because it does not end', () => {
  it('goes on with a whole word: no half of a secret is told with a loss', () => {
    const loss = ' and events may have been lost here\n';
    const line = `WARN Reader: ${'x '.repeat(2_100)}password=hunter2hunter2hunter2${loss}`;
    for (let inside = 1; inside < 40; inside += 3) {
      const sieve = new Sieve(['may have been lost']);
      const cut = line.length - loss.length - inside;
      for (const part of [line.slice(0, cut), line.slice(cut)]) sieve.push(Buffer.from(part));
      const told = findLosses([{ source: 'stderr', text: sieve.text() }]);
      expect(told).toHaveLength(1);
      expect(JSON.stringify(told)).not.toMatch(/hunter2|unter2/);
    }
  });
});
