import { styleText } from 'node:util';
import type { Paint } from '../../policy/diagnostics.ts';
import type { Host } from '../host.ts';

const styles = { error: 'red', warning: 'yellow', place: 'bold', good: 'green' } as const;

/** Colour for people at a terminal who want it; plain text for everybody else. */
export function paintFor({ env, isTty }: Host, options: { readonly color: boolean }): Paint {
  const isPlain = !isTty || !options.color || env.TERM === 'dumb' || (env.NO_COLOR ?? '') !== '';
  if (isPlain) return (_part, text) => text;
  return (part, text) => styleText(styles[part], text, { validateStream: false });
}
