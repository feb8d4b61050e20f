import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decide } from '../../src/core/decide.ts';
import type { Decision } from '../../src/core/decision.ts';
import { explain } from '../../src/core/explain.ts';
import { isTerminal } from '../../src/core/job-run.ts';
import { withholdings } from '../../src/core/reason.ts';
import type { DecideInput } from '../../src/core/rule.ts';
import { runLane } from '../../src/core/rules/index.ts';
import { inputs } from '../support/arbitrary.ts';

const always = (holds: (input: DecideInput, decision: Decision) => void) =>
  fc.assert(
    fc.property(inputs, (input) => holds(input, decide(input))),
    { numRuns: 2_000 },
  );

/** A command that starts a run, and that nothing holds back. */
function isStarting({ verdict, guard }: Decision): boolean {
  return (verdict.kind === 'start' || verdict.kind === 'claim') && guard.kind === 'done';
}

describe('for every world and every memory, the decision', () => {
  it('is the same for the same input, and changes nothing of it', () => {
    always((input, decision) => {
      const before = structuredClone(input);
      expect(decide(structuredClone(input))).toEqual(decision);
      expect(input).toEqual(before);
    });
  });

  it('starts nothing while a run it was shown is live, unknown or in a state we do not know', () => {
    always(({ observation: { run, others } }, decision) => {
      if (!isStarting(decision)) return;
      expect(run.kind).not.toBe('unknown');
      if (run.kind === 'seen') expect(isTerminal(run.run)).toBe(true);
      expect(others.kind).not.toBe('unknown');
      if (others.kind === 'seen') expect(others.live).toEqual([]);
    });
  });

  it('claims nothing without a listing, a live grant for this wish and its time', () => {
    always(({ observation, memory }, { verdict }) => {
      if (verdict.kind !== 'claim') return;
      expect(observation.others.kind).toBe('seen');
      expect(memory.grant).toMatchObject({ state: 'unused', wishId: verdict.wish.id });
      expect(memory.grant?.expiresAtMs).toBeGreaterThan(observation.nowMs);
      expect(verdict.wish.notBeforeMs).toBeLessThanOrEqual(observation.nowMs);
      if (verdict.wish.plan.spendsBudget) expect(observation.budget.room).toBe(true);
    });
  });

  it('sends nothing under the kill switch, a pause, a differing clock, or in observe and, unless a person ordered or approved it, in suggest', () => {
    always(({ job, observation: { gates, nowMs }, memory }, decision) => {
      const isExtension = decision.verdict.kind === 'extend-retention';
      const isCommand = isExtension || ['start', 'claim', 'cancel'].includes(decision.verdict.kind);
      const isHeld =
        gates.killSwitch ||
        gates.fleetPaused ||
        gates.newerState ||
        gates.act === 'none' ||
        (isExtension && gates.act !== 'all') ||
        gates.clockSkewMs > 5_000 ||
        job.mode === 'observe' ||
        (job.mode === 'suggest' && !isOrdered(decision) && !isApproved(memory, decision)) ||
        (memory.pause !== undefined && nowMs < memory.pause.untilMs);
      expect(decision.guard.kind === 'done').toBe(!isCommand || !isHeld);
    });
  });

  it('asks a person exactly where the guard says so, and leaves no question about what is not wanted', () => {
    always(({ memory }, { guard, plan, approval, extensionApproval }) => {
      const now = approval?.now;
      if (guard.kind === 'suggested') expect(now?.hash).toBe(plan?.hash);
      // What the run lane asks waits while records are taken care of.
      if (now && plan?.action === 'restart') expect(now.hash).toBe(plan.hash);
      if (plan?.action === 'extendRetention') expect(now).toBe(memory.approval);
      if (now && now !== memory.approval)
        expect(guard.kind === 'suggested' || now.state === 'expired').toBe(true);
      // What was asked before goes on or is closed, and never just vanishes.
      if (memory.approval) expect(now ?? approval?.closed).toBeDefined();
      if (memory.extensionApproval) expect(extensionApproval?.now ?? extensionApproval?.closed).toBeDefined();
    });
  });

  it('keeps a stream for longer only where it is known how long it is kept, and for no longer than the policy says', () => {
    always(({ job, observation: { source, nowMs } }, { verdict, clock }) => {
      if (verdict.kind !== 'extend-retention') return;
      const { stream, fromHours, toHours } = verdict.extension;
      expect(stream).toBe(job.source?.kinesis?.stream);
      expect(source?.retention).toMatchObject({ kind: 'seen', retentionMs: fromHours * 3_600_000 });
      expect(toHours).toBeGreaterThan(fromHours);
      expect(toHours * 3_600_000).toBeLessThanOrEqual(job.retention?.extendToMs ?? 0);
      // Never for what is young: a third of the shortest retention is left at most, or a fifth of a longer one.
      if (clock?.kind !== 'running') expect.fail('extended without a clock');
      expect(nowMs - clock.sinceMs).toBeGreaterThanOrEqual(0.6 * clock.retentionMs);
    });
  });

  it('never takes for enough what it does not know', () => {
    always(({ observation: { source, nowMs } }, { clock, concerns }) => {
      if (source?.retention.kind !== 'unknown' && source?.read.kind !== 'unknown') return;
      if (clock?.kind === 'idle') return;
      const isSaid = concerns.some(({ reason }) => reason === 'retention-unknown');
      if (clock?.kind === 'unknown') expect(isSaid).toBe(true);
      else if (clock?.kind === 'running') {
        expect(clock.assumed).toBeDefined();
        if (nowMs - clock.sinceMs >= 12 * 3_600_000) expect(clock.level).not.toBe('calm');
      }
    });
  });

  it('starts nothing of a job that is stopped, or parked because of the run that ended', () => {
    always(({ observation: { run }, memory }, decision) => {
      if (!isStarting(decision)) return;
      expect(memory.desired).toBe('running');
      if (run.kind === 'seen') expect(memory.parked?.jobRunId).not.toBe(run.run.jobRunId);
      else expect(memory.parked).toBeUndefined();
    });
  });
});

describe('for every world and every memory, the record of the decision', () => {
  it('names every rule that was asked, in order, and the one that decided last', () => {
    always((_input, { trace: all, reason, kind }) => {
      // The safety lane is asked last, and only a command of it decides.
      const trace = kind === 'extend-retention' ? all.slice(0, -1) : all;
      expect(trace.map((one) => one.rule)).toEqual(runLane.slice(0, trace.length).map((rule) => rule.name));
      if (kind === 'extend-retention') {
        expect(all.at(-1)).toEqual({ rule: 'retention', said: reason });
        return;
      }
      expect(trace.at(-1)?.said).toBe(reason);
      expect(trace.slice(0, -1).every((one) => one.said === 'does-not-apply')).toBe(true);
    });
  });

  it('always says what it waits for: a wait has a time, and never one that has passed', () => {
    always(({ observation: { nowMs, budget } }, { verdict }) => {
      if (verdict.kind !== 'wait') return;
      const earliest = Math.min(nowMs, budget.freesAtMs ?? nowMs);
      expect(verdict.untilMs).toBeGreaterThanOrEqual(earliest);
    });
  });

  it('parks only with a notice or an incident that was told before, and drops the wish', () => {
    always(({ memory }, { verdict }) => {
      if (verdict.kind !== 'park') return;
      expect(verdict.learned?.parked?.reason).toBe(verdict.reason);
      expect(verdict.forget).toEqual(['wish', 'grant']);
      expect(verdict.notice !== undefined || memory.incident?.toldReason === verdict.reason).toBe(true);
    });
  });

  it('can be explained, in lines without a clock time', () => {
    always((_input, decision) => {
      const lines = explain(decision);
      expect(lines[0]).toContain(decision.reason);
      expect(lines.every((line) => !line.includes('undefined') && !line.includes('NaN'))).toBe(true);
      if (decision.guard.kind !== 'done') expect(lines[0]).toContain(withholdings[decision.guard.why]);
    });
  });

  it('is worth the search: every kind of verdict and every rule is reached', () => {
    const reached = new Set<string>();
    for (const input of fc.sample(inputs, { numRuns: 2_000, seed: 7 })) {
      const { verdict, trace } = decide(input);
      reached.add(verdict.kind).add(trace.at(-1)?.rule ?? '');
    }
    expect([...reached].sort()).toEqual(
      [
        ...['nothing', 'wait', 'start', 'claim', 'cancel', 'park', 'extend-retention', 'retention'],
        ...runLane.map((rule) => rule.name),
      ].sort(),
    );
  });
});

/** To this very plan, and not too long ago. */
function isApproved(
  { approval, extensionApproval }: DecideInput['memory'],
  { plan, atMs }: Decision,
): boolean {
  const asked = plan?.action === 'extendRetention' ? extensionApproval : approval;
  if (asked?.state !== 'approved' || plan === undefined) return false;
  return asked.hash === plan.hash && atMs < asked.expiresAtMs;
}

function isOrdered({ verdict }: Decision): boolean {
  if (verdict.kind === 'start' || verdict.kind === 'claim') return verdict.wish.cause === 'operator';
  return verdict.reason === 'stop-ordered';
}
