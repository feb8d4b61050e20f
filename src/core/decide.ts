import { approvalStep, usualExpiryMs } from './approval.ts';
import type { Decision, Verdict } from './decision.ts';
import { guard } from './guard.ts';
import { planOf } from './plan.ts';
import type { DecideInput } from './rule.ts';
import { runLane, safetyLane } from './rules/index.ts';

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
    if (verdict) return record(input, verdict, trace);
  }
  // `steady` applies to everything, so a list that ends without a verdict is a broken house, not a case.
  throw new Error(`no rule applied to job ${input.job.name}: ${trace.map((one) => one.rule).join(', ')}`);
}

function record(input: DecideInput, verdict: Verdict, trace: Decision['trace']): Decision {
  const { job, observation, memory, ids } = input;
  const plan = planOf(verdict, job);
  const held = guard(verdict, job, observation, memory, plan);
  const approval = approvalStep(
    {
      job: job.name,
      decisionId: ids.decision,
      nowMs: observation.nowMs,
      verdict,
      plan,
      guard: held,
      expireAfterMs: job.approvals?.expireAfterMs ?? usualExpiryMs,
    },
    memory.approval,
  );
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
    ...(approval.now || approval.closed ? { approval } : {}),
    concerns: safetyLane.flatMap((rule) => rule.look(input)),
    observation,
  };
}
