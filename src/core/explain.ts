import type { ApprovalStep } from './approval.ts';
import { clockLine } from './clock-words.ts';
import type { Clock } from './data-loss-clock.ts';
import type { Concern, Decision } from './decision.ts';
import { adviceOn } from './explain-advice.ts';
import { budgetLines } from './explain-budget.ts';
import { holdText } from './explain-hold.ts';
import { forMs, seenLines } from './explain-seen.ts';
import { gist } from './failure/gist.ts';
import type { Judgement } from './failure/judgement.ts';
import type { Parked } from './memory.ts';
import { startText } from './plan.ts';
import { reasons, type Withholding } from './reason.ts';
import { utcText } from './utc.ts';

/**
 * A decision in plain lines for the terminal: what was seen, how the failure was judged, what each rule said, what
 * the guard checked, what follows, and what would change the answer. Times are relative to the moment of the
 * decision, in whole seconds, minutes, hours or days; whoever prints the lines adds the clock time.
 */
export function explain(decision: Decision, since: Since = asDecided(decision)): string[] {
  const { clock, concerns, atMs } = decision;
  const ofClock = clock && concerns.find(({ text }) => text === clockLine(clock, atMs));
  return [
    `${decision.job}: ${headline(decision)}`,
    ...labelled('why', [
      `${reasons[decision.reason]}${orderedText(decision)}`,
      ...parkedLines(decision, since),
    ]),
    ...labelled('saw', seenLines(decision.observation)),
    ...labelled('clock', clockLines(since, ofClock)),
    ...labelled('class', classLines(decision)),
    ...labelled('rules', [rulesLine(decision)]),
    ...labelled('guard', guardLines(decision)),
    ...labelled('budget', budgetLines(decision)),
    ...labelled('follows', followLines(decision, since)),
    ...labelled('asks', approvalLines(decision, decision.extensionApproval)),
    ...labelled(
      'also',
      concerns.filter((each) => each !== ofClock).map(({ text, reason }) => `${text} (${reason})`),
    ),
    ...adviceLines(adviceOn(decision)),
  ];
}

/** What later passes found, which decided the same: they keep no decision of their own. */
export interface Since {
  /** When the last of them looked. */
  readonly atMs: number;
  readonly clock?: Clock | undefined;
  readonly untilMs?: number | undefined;
  readonly parked?: Parked | undefined;
}

function asDecided({ atMs, clock, verdict }: Decision): Since {
  return { atMs, clock, untilMs: verdict.untilMs };
}

/** One entry for each hold, in the order in which the guard asks, with what is true when it does not hold. */
export const guardChecks: readonly { readonly why: Withholding; readonly passed: string }[] = [
  { why: 'kill-switch', passed: 'kill switch off' },
  { why: 'newer-state', passed: 'record of this release' },
  { why: 'clock-differs', passed: 'clock agrees' },
  { why: 'fleet-paused', passed: 'fleet not paused' },
  { why: 'job-paused', passed: 'job not paused' },
  { why: 'action-paused', passed: 'action not paused' },
  { why: 'mode-observe', passed: 'mode above observe' },
  { why: 'act-not-deployed', passed: 'rights to act deployed' },
  { why: 'deny-window', passed: 'no deny window' },
  { why: 'outside-allow-window', passed: 'inside allow windows' },
  { why: 'awaits-approval', passed: 'mode act' },
];

/** Checks of the guard in one row of a terminal. */
const perRow = 4;
/** Enough of the evidence to recognise it; the whole of it is in the record. */
const evidenceMax = 200;

/** `(ana: "jar 2.4.1")` */
function orderedText({ verdict }: Decision): string {
  const ofWish = verdict.kind === 'start' || verdict.kind === 'claim' ? verdict.wish.order : undefined;
  const { by, reason } = verdict.orderedBy ?? ofWish ?? {};
  return by === undefined ? '' : ` (${by}: "${reason}")`;
}

/** Why the job was parked, which is longer ago than the decision to leave it so. */
function parkedLines({ reason }: Decision, { parked, atMs }: Since): readonly string[] {
  if (reason !== 'parked' || !parked) return [];
  const of = parked.class === undefined ? '' : `, ${parked.class}`;
  const when = `${utcText(parked.atMs)}, ${forMs(Math.max(0, atMs - parked.atMs))} ago`;
  return [`parked since ${when} (${parked.reason}${of}): ${reasons[parked.reason]}`];
}

function clockLines({ clock, atMs }: Since, concern: Concern | undefined): readonly string[] {
  if (!clock) return [];
  const text = clockLine(clock, atMs);
  return [concern ? `${text} (${concern.reason})` : text];
}

function headline({ kind, reason, guard, verdict, atMs }: Decision): string {
  const what = verdict.kind === 'claim' ? 'start now' : headlines[kind];
  const held = guard.kind === 'done' ? '' : `, ${guard.kind} because ${holdText(guard, atMs)}`;
  // "Nothing to do" would be read by the one person who has something to do.
  const left = reason === 'parked' ? 'waits for a person' : what;
  return `${verdict.adopt ? 'take over' : left} (${reason})${held}`;
}

const headlines = {
  nothing: 'nothing to do',
  wait: 'wait',
  start: 'start wanted',
  cancel: 'cancel our run',
  park: 'parked, needs a person',
  'extend-retention': 'keep records for longer',
} as const satisfies Record<Decision['kind'], string>;

function classLines({ verdict, observation: { run } }: Decision): readonly string[] {
  const { judgement } = verdict;
  const details = run.kind === 'seen' ? run.run.stateDetails.trim() : '';
  if (judgement) {
    const worker = judgement.worker ? ` (${judgement.worker})` : '';
    return [
      `${judgement.class}${worker} → ${judgement.action}   by ${judgement.rule}`,
      ...evidenceLines(judgement, details),
    ];
  }
  if (verdict.kind !== 'claim' || verdict.wish.class === undefined) return [];
  return [`${verdict.wish.class}, judged when the start was wished for`];
}

/** The line that decided and where it stands. What was just quoted as seen is not said twice. */
function evidenceLines({ evidence, place }: Judgement, details: string): readonly string[] {
  const quote = gist(evidence, evidenceMax);
  if (evidence === '' || gist(details, evidenceMax).startsWith(quote)) return [];
  const where = place && place.source !== 'stateDetails' ? ` in ${place.source}, line ${place.line}` : '';
  return [`evidence${where}: "${quote}"`];
}

/** The rules that were asked in vain share one phrase; the last one decided. */
function rulesLine({ trace }: Decision): string {
  const passed = trace.filter((one) => one.said === 'does-not-apply').map((one) => one.rule);
  const decided = trace
    .filter((one) => one.said !== 'does-not-apply')
    .map((one) => `${one.rule}: ${one.said}`);
  return [
    ...(passed.length > 0 ? [`${passed.join(', ')}: ${passed.length > 1 ? 'do' : 'does'} not apply`] : []),
    ...decided,
  ].join(' · ');
}

function guardLines({ verdict, guard, atMs }: Decision): readonly string[] {
  const isCommand =
    verdict.kind === 'start' ||
    verdict.kind === 'claim' ||
    verdict.kind === 'cancel' ||
    verdict.kind === 'extend-retention';
  if (!isCommand) return ['not asked: nothing would be sent'];
  const stop =
    guard.kind === 'done' ? guardChecks.length : guardChecks.findIndex((one) => one.why === guard.why);
  const passed = guardChecks.slice(0, stop).map((one) => `✔ ${one.passed}`);
  const rows = [passed.slice(0, perRow), passed.slice(perRow, 2 * perRow), passed.slice(2 * perRow)];
  const failed = guard.kind === 'done' ? [] : [`✘ ${holdText(guard, atMs)}`];
  return [...rows.map((row) => row.join('   ')).filter((line) => line !== ''), ...failed];
}

function followLines(decision: Decision, since: Since): readonly string[] {
  const { verdict, atMs, guard } = decision;
  const sends = guard.kind === 'done';
  if (!sends) return ['the wish is recorded, nothing is sent', ...approvalLines(decision, decision.approval)];
  switch (verdict.kind) {
    case 'start': {
      const { notBeforeMs } = verdict.wish;
      const when = notBeforeMs > atMs ? `in ${forMs(notBeforeMs - atMs)}` : 'now';
      return [`a start ${startText(verdict.wish.plan)}, ${when}, when its turn in the fleet comes`];
    }
    case 'claim':
      return [`a start ${startText(verdict.wish.plan)}: the checkpoint is claimed, then StartJobRun is sent`];
    case 'cancel':
      return [
        `run ${verdict.run.jobRunId} is cancelled with its grace period; nothing starts before it ended`,
      ];
    case 'extend-retention': {
      const { stream, fromHours, toHours, cost } = verdict.extension;
      return [
        `Kinesis is told to keep the records of ${stream} for ${toHours} h instead of ${fromHours} h (${cost})`,
        'then the run is looked at again',
      ];
    }
    case 'park':
      return ['no start until a person starts the job again; the checkpoint is left as it is'];
    default: {
      const adopted = verdict.adopt ? [`run ${verdict.adopt.jobRunId} is ours to watch from now on`] : [];
      return [...adopted, looksAgain(since)];
    }
  }
}

/** Where the question about the plan stands. */
function approvalLines({ atMs }: Decision, approval: ApprovalStep | undefined): readonly string[] {
  const asked = approval?.now;
  if (!asked) return [];
  const { hash, text, by = 'somebody', reason = '' } = asked;
  switch (asked.state) {
    case 'open':
      return [
        `a person is asked to ${text}: plan ${hash}`,
        `checkpilot approve ${hash} --reason "…", within ${forMs(asked.expiresAtMs - atMs)}`,
      ];
    case 'expired':
      return [`nobody answered about plan ${hash}; it is asked again later`];
    case 'declined':
      return [`${by} declined plan ${hash}: "${reason}"; it is not asked again before it changes`];
    default:
      return [`${by} approved plan ${hash}: "${reason}"`];
  }
}

function looksAgain({ untilMs, atMs }: Since): string {
  if (untilMs === undefined) return 'looks again when an event wakes it, and on the regular sweep';
  return untilMs <= atMs
    ? 'looks again at once'
    : `looks again in ${forMs(untilMs - atMs)}, or when an event wakes it`;
}

function adviceLines(advice: readonly string[]): readonly string[] {
  if (advice.length === 0) return [];
  return ['  would change the answer', ...advice.map((text) => `             · ${text}`)];
}

function labelled(label: string, lines: readonly string[]): readonly string[] {
  return lines.map((line, index) => `  ${(index === 0 ? label : '').padEnd(11)}${line}`);
}
