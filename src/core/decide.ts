import { type Clock, deadlineOf } from './data-loss-clock.ts';
import type { Aside, Decision, Verdict } from './decision.ts';
import { guard } from './guard.ts';
import type { ResolvedJob } from './job.ts';
import { type Plan, planOf } from './plan.ts';
import { progressOf } from './progress.ts';
import { type QuestionSteps, questionSteps } from './questions.ts';
import type { DecideInput, Finding, Next } from './rule.ts';
import { runLane, safetyLane } from './rules/index.ts';
import { streakLimit } from './rules/restart.ts';

/**
 * The whole judgement of one pass, with no effect: the same input gives the same decision, in Lambda, in a
 * replay and in a test. In the run lane the first rule that applies wins; the safety lane is always walked; then
 * the guard may hold the command back.
 */
export function decide(input: DecideInput): Decision {
  const trace: { rule: string; said: Verdict['reason'] | 'does-not-apply' }[] = [];
  for (const rule of runLane) {
    const verdict = rule.judge(input);
    trace.push({ rule: rule.name, said: verdict?.reason ?? 'does-not-apply' });
    if (verdict) return withSafety(input, verdict, trace);
  }
  // `steady` applies to everything, so a list that ends without a verdict is a broken house, not a case.
  throw new Error(`no rule applied to job ${input.job.name}: ${trace.map((one) => one.rule).join(', ')}`);
}

/** What one pass carries out, and what becomes of the questions to people. */
interface Chosen extends Next {
  readonly plan: Plan | undefined;
  readonly questions: QuestionSteps;
}

/** The safety lane knows what the run lane wants; of their two commands one is carried out in a pass. */
function withSafety(input: DecideInput, verdict: Verdict, trace: Decision['trace']): Decision {
  const { job, observation, memory } = input;
  const plan = planOf(verdict, job);
  const next: Next = { verdict, guard: guard(verdict, job, observation, memory, plan) };
  const findings = safetyLane.map((rule) => rule.look(input, next));
  const wanted = findings.find((finding) => finding.wanted)?.wanted;
  const extension = wanted && { ...wanted, plan: planOf(wanted.verdict, job) };
  const clock = findings.find((finding) => finding.clock)?.clock;
  const isSending = next.guard.kind === 'done' && (verdict.kind === 'claim' || verdict.kind === 'cancel');
  // Nothing is lost by asking the run lane again in a moment, and records are by letting it go first.
  const isExtending = extension?.guard.kind === 'done' && !isSending;
  const run = { ...next, verdict: withDeadline(verdict, clock, observation.nowMs), plan };
  const questions = questionSteps(input, { run, extension, isExtending, clock });
  if (!isExtending) return record(input, { ...run, questions }, trace, findings);
  const said = [...trace, { rule: 'retention', said: extension.verdict.reason }];
  return record(input, { ...extension, questions }, said, findings);
}

function record(
  { job, observation, memory, ids }: DecideInput,
  { verdict, guard: held, plan, questions }: Chosen,
  trace: Decision['trace'],
  findings: readonly Finding[],
): Decision {
  const clock = findings.find((finding) => finding.clock)?.clock;
  const aside = asideOf(findings);
  return {
    id: ids.decision,
    job: job.name,
    atMs: observation.nowMs,
    kind: verdict.kind === 'claim' ? 'start' : verdict.kind,
    reason: verdict.reason,
    verdict,
    trace,
    ...(plan ? { plan } : {}),
    guard: held,
    ...questions,
    concerns: findings.flatMap(({ concerns }) => concerns),
    ...(clock ? { clock } : {}),
    ...(aside ? { aside } : {}),
    streak: { now: progressOf(memory, observation).streak, max: streakMaxOf(job, verdict) },
    observation,
  };
}

function streakMaxOf(job: ResolvedJob, { judgement }: Verdict): number {
  return judgement ? streakLimit(job, judgement) : job.restart.streakMax;
}

/** A start says by when it has to be made: the release function serves the shortest clock first. */
function withDeadline(verdict: Verdict, clock: Clock | undefined, nowMs: number): Verdict {
  if (verdict.kind !== 'start') return verdict;
  const deadlineMs = clock && deadlineOf(clock, nowMs);
  return deadlineMs === undefined ? verdict : { ...verdict, wish: { ...verdict.wish, deadlineMs } };
}

/** What each rule of the lane tells and learns; no two of them learn the same, but for an incident that the first opens. */
function asideOf(findings: readonly Finding[]): Aside | undefined {
  const notices = findings.flatMap(({ notice }) => notice ?? []);
  const learned = Object.assign({}, ...findings.toReversed().map((finding) => finding.learned ?? {}));
  const looks = findings.flatMap(({ lookAtMs }) => lookAtMs ?? []);
  const aside = {
    ...(notices.length > 0 ? { notices } : {}),
    ...(Object.keys(learned).length > 0 ? { learned } : {}),
    ...(looks.length > 0 ? { lookAtMs: Math.min(...looks) } : {}),
  };
  return Object.keys(aside).length > 0 ? aside : undefined;
}
