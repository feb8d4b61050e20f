import { as, keys, type RecordItem } from '../control/items.ts';
import type { Failure } from '../control/ports.ts';
import type { Decision } from '../core/decision.ts';
import { explain } from '../core/explain.ts';
import { redact, redactTexts } from '../core/failure/redact.ts';
import { type Askable, whyNot, whyNotLines } from '../core/why-not.ts';
import { readHint } from './advice.ts';
import { type DeploymentOptions, findJob, withDeployment } from './deployment.ts';
import { type ExitCode, exitCodes, type Host, outJson } from './host.ts';
import { atText } from './output/times.ts';
import { fail } from './problems.ts';

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
    if (!read.ok) return unreadable(host, read);
    const record = as('record', read.value.items[0]);
    const last = record?.last;
    if (!record || !last) {
      const text = `${name}: no pass has looked at this job yet. The sweep does within a minute of apply.`;
      if (options.json) outJson(host, { job: name, decision: null, lines: [text] });
      else host.out(`${text}\n`);
      return exitCodes.fine;
    }
    const found = await store.read([keys.decision(name, last.id)]);
    if (!found.ok) return unreadable(host, found);
    // Written by this code or an older release; what a newer one adds is simply not shown.
    const decision = as('decision', found.value.items[0])?.decision as Decision | undefined;
    if (!decision) {
      const message = `decision ${last.id} has expired: decisions are kept for 30 days`;
      return fail(host, exitCodes.failed, { code: 'not-found', message });
    }
    if (options.whyNot) {
      const asked = { decision, memory: record.memory, job, nowMs: clock.now() };
      const answer = whyNot(asked, options.whyNot);
      if (options.json) outJson(host, { job: name, decision: decision.id, ...answer });
      else host.out(`${whyNotLines(asked, answer).join('\n')}\n`);
      return exitCodes.fine;
    }
    const { clock: lossClock = decision.clock, untilMs, lastAtMs } = last;
    const { parked } = record.memory;
    // Decisions of earlier releases hold what was not known for a secret then.
    const lines = explain(decision, { atMs: lastAtMs, clock: lossClock, untilMs, parked }).map(redact);
    if (options.json) {
      outJson(host, { decision: JSON.parse(JSON.stringify(decision, redactTexts)), lines, times: last });
      return exitCodes.fine;
    }
    const nowMs = clock.now();
    host.out(`${decision.id}  decided ${atText(decision.atMs, nowMs)}${againText(last, nowMs)}\n\n`);
    host.out(lines.map((line) => `${line}\n`).join(''));
    return exitCodes.fine;
  });
}

/** A decision that was taken once more is not written once more: what it saw is as old as the first. */
function againText({ count, firstAtMs, lastAtMs }: NonNullable<RecordItem['last']>, nowMs: number): string {
  if (count <= 1) return '';
  const clockTime = (atMs: number) => atText(atMs, nowMs).replace(/ \(.*/, '');
  return `, the same ${count} times until ${atText(lastAtMs, nowMs)}
What was seen and counted is of ${clockTime(firstAtMs)}, the clock and what follows of ${clockTime(lastAtMs)}.`;
}

function unreadable(host: Host, failure: Failure): ExitCode {
  const message = `the decision cannot be read: ${failure.message}`;
  return fail(host, exitCodes.failed, { code: failure.code, message, hint: readHint(failure) });
}
