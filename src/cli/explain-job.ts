import { as, keys } from '../control/items.ts';
import type { Decision } from '../core/decision.ts';
import { explain } from '../core/explain.ts';
import { type Askable, whyNot, whyNotLines } from '../core/why-not.ts';
import { type DeploymentOptions, findJob, withDeployment } from './deployment.ts';
import { type ExitCode, exitCodes, type Host, outJson } from './host.ts';
import { atText } from './output/times.ts';

/**
 * `checkpilot explain JOB`: the last decision of a job, with everything it saw and what would change it; with
 * `--why-not ACTION` what stood between that decision and another one.
 */
export function explainJob(
  name: string,
  options: DeploymentOptions & { readonly json?: boolean; readonly whyNot?: Askable },
  host: Host,
): Promise<ExitCode> {
  return withDeployment(options, host, async (deployment) => {
    const job = findJob(deployment, name, host);
    if (!job) return exitCodes.usage;
    const { store, clock } = deployment.ports;
    const read = await store.read([keys.record(name)]);
    if (!read.ok) return failed(host, read.message);
    const record = as('record', read.value.items[0]);
    const last = record?.last;
    if (!record || !last) {
      host.out(`${name}: no pass has looked at this job yet. The sweep does within a minute of apply.\n`);
      return exitCodes.fine;
    }
    const found = await store.read([keys.decision(name, last.id)]);
    if (!found.ok) return failed(host, found.message);
    // Written by this code or an older release; what a newer one adds is simply not shown.
    const decision = as('decision', found.value.items[0])?.decision as Decision | undefined;
    if (!decision) return failed(host, `decision ${last.id} has expired: decisions are kept for 30 days`);
    if (options.whyNot) {
      const asked = { decision, memory: record.memory, job, nowMs: clock.now() };
      const answer = whyNot(asked, options.whyNot);
      if (options.json) outJson(host, { job: name, decision: decision.id, ...answer });
      else host.out(`${whyNotLines(asked, answer).join('\n')}\n`);
      return exitCodes.fine;
    }
    if (options.json) {
      outJson(host, { decision, lines: explain(decision), times: last });
      return exitCodes.fine;
    }
    const nowMs = clock.now();
    const again =
      last.count > 1 ? `, the same ${last.count} times until ${atText(last.lastAtMs, nowMs)}` : '';
    host.out(`${decision.id}  decided ${atText(decision.atMs, nowMs)}${again}\n\n`);
    host.out(
      explain(decision)
        .map((line) => `${line}\n`)
        .join(''),
    );
    return exitCodes.fine;
  });
}

function failed(host: Host, why: string): ExitCode {
  host.err(`the decision cannot be read: ${why}\n`);
  return exitCodes.failed;
}
