import { Command } from 'commander';
import { answerApproval, jobOfApproval } from '../control/answers.ts';
import type { ApprovalItem } from '../control/items.ts';
import { jobNamed } from '../core/job.ts';
import { readHint } from './advice.ts';
import { findJob } from './deployment.ts';
import { exitCodes, type Verbs } from './host.ts';
import { order } from './orders.ts';
import { fail } from './problems.ts';

/** `checkpilot approve JOB | PLAN --reason …`: yes to what a job in mode suggest asks for. */
export function approveCommand(verbs: Verbs): Command {
  return answerCommand(verbs, 'approved', 'say yes to what a job in mode suggest asks for');
}

/** `checkpilot decline JOB | PLAN --reason …`: it is not asked again before the plan changes. */
export function declineCommand(verbs: Verbs): Command {
  return answerCommand(verbs, 'declined', 'say no to it; it is not asked again before the plan changes');
}

/** As `hash` of core makes them. */
const planPattern = /^[0-9a-z]{11}$/;

function answerCommand(verbs: Verbs, answer: 'approved' | 'declined', what: string): Command {
  const command = new Command(answer === 'approved' ? 'approve' : 'decline')
    .description(what)
    .argument('<job|plan>', 'name of the job, or the plan that status and messages name: then only that one');
  let plan: ApprovalItem | undefined;
  return order(verbs, command, {
    needsReason: 'always',
    find: async (deployment, name, host) => {
      const { policy, ports } = deployment;
      if (jobNamed(policy, name) || !planPattern.test(name))
        return findJob(deployment, name, host) ?? exitCodes.usage;
      const found = await jobOfApproval(ports, name);
      if (!found.ok) {
        const message = `the table cannot be read: ${found.message}`;
        return fail(host, exitCodes.failed, { code: found.code, message, hint: readHint(found) });
      }
      plan = found.value;
      if (plan) return findJob(deployment, plan.job, host) ?? exitCodes.usage;
      const message = `there is no job and no plan "${name}"; checkpilot status shows the plans that wait`;
      return fail(host, exitCodes.usage, { code: 'no-such-job', message });
    },
    job: ({ ports }, job, _options, person) =>
      answerApproval(ports, job, person, { answer, ...(plan ? { plan } : {}) }),
  });
}
