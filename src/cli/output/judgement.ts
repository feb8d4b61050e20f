import type { Judgement } from '../../core/failure/classify.ts';
import { summaryOf } from '../../core/failure/judgement.ts';

/** A judgement for scripts: `source`, `line` and `offset` are missing when no text decided. */
export function judgementJson(judgement: Judgement) {
  const { class: failureClass, action, confidence, rule, evidence, place, fingerprint, worker } = judgement;
  return {
    class: failureClass,
    action,
    confidence,
    rule,
    evidence,
    ...(place ? { place } : {}),
    fingerprint,
    ...(worker ? { worker } : {}),
  };
}

/** The same for a person. */
export function judgementText(judgement: Judgement): string {
  const { class: failureClass, action, confidence, rule, evidence, place, fingerprint, worker } = judgement;
  const rows: readonly (readonly [string, string | undefined])[] = [
    ['class', `${failureClass}${worker ? ` (${worker})` : ''}`],
    ['', summaryOf(judgement)],
    ['action', action],
    ['', actionTexts[action]],
    ['by rule', `${rule}, confidence ${confidence.toFixed(2)}`],
    ['found in', place ? `${place.source}, line ${place.line}` : undefined],
    [
      'evidence',
      evidence === ''
        ? undefined
        : printable(evidence)
            .split('\n')
            .join(`\n${' '.repeat(nameWidth)}`),
    ],
    ['same as', fingerprint],
  ];
  return rows
    .filter((row): row is readonly [string, string] => row[1] !== undefined)
    .map(([name, text]) => `${name.padEnd(nameWidth)}${text}\n`)
    .join('');
}

const nameWidth = 10;

const actionTexts: Readonly<Record<Judgement['action'], string>> = {
  restart: 'start again from the checkpoint at once',
  'restart-with-backoff': 'start again from the checkpoint, after a wait that grows',
  'restart-with-more-memory': 'start again from the checkpoint with larger workers',
  'restart-with-more-disk': 'start again from the checkpoint with larger disks',
  'wait-for-capacity': 'start again when there is room',
  'stop-and-page': 'start nothing, call a person',
  'stop-and-page-data-risk': 'call a person and touch nothing: another try could cost data',
  ignore: 'leave it stopped',
};

/** A log is somebody else's text: nothing in it may steer the terminal. */
function printable(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what has to go
  return text.replace(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/g, ' ');
}
