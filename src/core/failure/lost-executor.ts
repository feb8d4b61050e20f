import { classify } from './classify.ts';
import type { TextSource } from './lines.ts';

/**
 * The executor whose own log may say more: the driver only knows that it lost it. Undefined when the evidence names a
 * cause, or no executor.
 */
export function lostExecutor(text: string, logs: readonly TextSource[]): string | undefined {
  const { class: failureClass, evidence } = classify({ state: 'FAILED', text, logs });
  if (failureClass !== 'worker-lost') return undefined;
  return /executor (\d{1,6})\b/i.exec(evidence)?.[1];
}
