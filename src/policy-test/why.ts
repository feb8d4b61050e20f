import type { Decision } from '../core/decision.ts';
import { holdText } from '../core/explain-hold.ts';
import { gist } from '../core/failure/gist.ts';
import { reasons } from '../core/reason.ts';
import { type Askable, askables, whyNot } from '../core/why-not.ts';
import type { SourceText } from '../policy/diagnostics.ts';
import { bearing } from './bearing.ts';
import type { Outcome } from './judge.ts';
import type { Plan } from './plan.ts';
import type { Recording } from './play.ts';

/** Things that happened, listed when a count is wrong; more are no help. */
const listedMax = 12;

/**
 * Why it came as it did: of a decision what it rests on, and what another one would have needed; of a count what
 * happened, with its times. A wrong expectation and a wrong policy look alike without it.
 */
export function whyOf(
  outcome: Outcome,
  { plan, recording, files }: { plan: Plan; recording: Recording; files: readonly SourceText[] },
): readonly string[] {
  const { decision, part } = outcome;
  if (part === 'writes') return listed(callLines(plan, recording));
  if (part === 'notifications') return listed(noticeLines(plan, recording));
  const shown = decision ?? lastBefore(outcome, plan, recording);
  if (!shown) return [];
  const job = plan.policy.jobs[shown.job];
  // Copies of a job stand in no file; the job that they are copies of does.
  const written = Object.hasOwn(plan.policy.jobs, plan.fixture.job) ? shown.job : plan.fixture.job;
  const { kind: wanted, reason } = plan.expect[outcome.index]?.decision ?? {};
  const memory = recording.memories.get(shown.id);
  const missing =
    wanted !== undefined && isAskable(wanted) && wanted !== shown.kind && job && memory
      ? whyNot({ decision: shown, memory, job, nowMs: shown.atMs }, wanted)
          .conditions.filter(({ holds }) => holds !== true)
          .map(({ text }) => `no ${wanted}: ${text}`)
      : [];
  return [...decisionLines(plan, shown), ...missing, ...bearing(shown, reason, { files, job: written })];
}

/** `12m03s` on the clock of the test. */
export function clockText(sinceStartMs: number): string {
  if (sinceStartMs < 0) return 'the start';
  const seconds = Math.floor(sinceStartMs / 1_000);
  const [minutes, rest] = [Math.floor(seconds / 60), seconds % 60];
  return rest === 0 ? `${minutes}m` : `${minutes}m${String(rest).padStart(2, '0')}s`;
}

function decisionLines(plan: Plan, decision: Decision): readonly string[] {
  const { kind, reason, verdict, guard, trace, atMs, job } = decision;
  const { judgement } = verdict;
  const evidence = judgement ? gist(judgement.evidence) : '';
  return [
    `${kind} (${reason}) of ${job} at ${clockText(atMs - plan.startMs)} by rule ${trace.at(-1)?.rule ?? 'none'}: ${reasons[reason]}`,
    ...(guard.kind === 'done' ? [] : [`${guard.kind}: ${holdText(guard, atMs)}`]),
    ...(judgement
      ? [
          `${judgement.class} → ${judgement.action} by ${judgement.rule}${evidence === '' ? '' : `: "${evidence}"`}`,
        ]
      : []),
  ];
}

function lastBefore({ step }: Outcome, plan: Plan, recording: Recording): Decision | undefined {
  const untilMs = plan.startMs + (step + 1) * plan.stepMs;
  return recording.decisions.findLast(({ atMs }) => atMs < untilMs);
}

function callLines(plan: Plan, { calls }: Recording): readonly string[] {
  return calls.map(({ name, atMs }) => `${name} at ${clockText(atMs - plan.startMs)}`);
}

function noticeLines(plan: Plan, { told }: Recording): readonly string[] {
  return told.map(
    ({ atMs, receiver, notice }) =>
      `${clockText(atMs - plan.startMs)} ${notice.event} (${notice.severity}) to ${receiver}: ${gist(notice.text)}`,
  );
}

function listed(lines: readonly string[]): readonly string[] {
  if (lines.length === 0) return ['nothing of the kind happened in the whole test'];
  const more = lines.length - listedMax;
  return [...lines.slice(0, listedMax), ...(more > 0 ? [`and ${more} more`] : [])];
}

function isAskable(kind: string): kind is Askable {
  return Object.hasOwn(askables, kind);
}
