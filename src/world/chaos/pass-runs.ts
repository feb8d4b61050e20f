import type { Applications, CancelAnswer, Failure, JobRuns, StartAnswer } from '../../control/ports.ts';
import type { LaunchRequest } from '../../core/launch-request.ts';
import { listLagMs, signatureValidityMs } from '../../core/protocol.ts';
import { worldApplications } from '../world-ports.ts';
import type { Pass } from './pass.ts';
import { type Hop, unavailable } from './pass-ports.ts';
import { ourArn, type Site } from './site.ts';

/** How long the SDK waits for an answer of StartJobRun before it gives up (protocol, step 6). */
const abortMs = 10_000;

/** EMR Serverless as one pass reaches it: throttled, silent, late, or with an answer from a moment ago. */
export function passRuns(site: Site, pass: Pass, hop: Hop): JobRuns {
  return {
    get: (applicationId, jobRunId, attempt) =>
      hop(async () => {
        const failure = drawnFailure(site);
        if (failure) return failure;
        const answer = await site.runs.get(applicationId, jobRunId, attempt);
        if (answer.ok) site.watch.answered(answer.value);
        return answer;
      }),
    list: (applicationId, filter) => hop(() => list(site, pass, applicationId, filter)),
    start: (request, terms) => hop(() => send(site, pass, request, terms)),
    cancel: (applicationId, jobRunId, terms) =>
      hop(() => cancel(site, pass, { applicationId, jobRunId, ...terms })),
  };
}

export function passApplications(site: Site, hop: Hop): Applications {
  const applications = worldApplications(site.world, ourArn);
  return {
    limits: (applicationId) =>
      hop(async () => drawnFailure(site) ?? (await applications.limits(applicationId))),
  };
}

/**
 * A listing may be as old as assumption A3 allows: it shows the states of then, and no run that was accepted since.
 * Together with the lag of the world itself a run is still shown at most L after its acceptance.
 */
async function list(
  { faults, history, runs, time }: Site,
  pass: Pass,
  applicationId: string,
  { states, ...filter }: Parameters<JobRuns['list']>[1],
): ReturnType<JobRuns['list']> {
  const failure = drawnFailure({ faults });
  if (failure) return failure;
  const page = await runs.list(applicationId, filter);
  if (!page.ok) return page;
  const ageMs = faults.strikes('list-stale') ? faults.random.between(0, listLagMs) : 0;
  const momentMs = time.now() - ageMs;
  const shown = page.value.runs
    .filter((run) => ageMs === 0 || run.createdAtMs <= momentMs)
    .map((run) => (ageMs === 0 ? run : history.asOf(run, momentMs)))
    .filter((run) => states === undefined || states.includes(run.state));
  for (const run of shown) pass.listed.add(run.jobRunId);
  return { ok: true, value: { ...page.value, runs: shown } };
}

/** One call of the SDK: signed at the moment of sending, perhaps signed and sent once more, perhaps not heard of again. */
async function send(
  site: Site,
  pass: Pass,
  request: LaunchRequest,
  { clientToken, notAfterMs }: { clientToken: string; notAfterMs: number },
): Promise<StartAnswer> {
  const { faults, runs, time, watch } = site;
  const ambiguous: StartAnswer = { kind: 'ambiguous', message: 'no answer' };
  const { known } = pass;
  const sign = (): number | undefined => {
    const signedAtMs = time.now() + pass.skewMs;
    return signedAtMs > notAfterMs ? undefined : signedAtMs;
  };
  const deliver = (signedAtMs: number): StartAnswer =>
    watch.sending({ pass, known, request, signedAtMs, notAfterMs }, () =>
      runs.deliverStart(request, clientToken, signedAtMs),
    );
  const signedAtMs = sign();
  if (signedAtMs === undefined) return { kind: 'too-late' };
  if (faults.strikes('call-throttled')) return { kind: 'not-now', message: 'Rate exceeded' };
  if (faults.strikes('start-late-packet')) {
    time.after(drawnDelayMs(site), () => void deliver(signedAtMs));
    await time.sleep(abortMs);
    return ambiguous;
  }
  if (faults.strikes('start-ambiguous-without-effect')) {
    await time.sleep(abortMs);
    return ambiguous;
  }
  let answer = deliver(signedAtMs);
  if (faults.strikes('start-sent-twice')) {
    await time.sleep(Math.round(faults.random.between(100, abortMs)));
    const again = sign();
    if (again === undefined) return { kind: 'too-late' };
    answer = deliver(again);
  }
  if (!faults.strikes('start-ambiguous-after-effect')) return answer;
  await time.sleep(Math.round(faults.random.between(0, abortMs)));
  return ambiguous;
}

async function cancel(
  { faults, runs, time, watch }: Site,
  pass: Pass,
  given: { applicationId: string; jobRunId: string; graceSeconds: number; notAfterMs: number },
): Promise<CancelAnswer> {
  const { applicationId, jobRunId, graceSeconds, notAfterMs } = given;
  const ambiguous: CancelAnswer = { kind: 'ambiguous', message: 'no answer' };
  const { known } = pass;
  const signedAtMs = time.now() + pass.skewMs;
  if (signedAtMs > notAfterMs) return { kind: 'too-late' };
  const deliver = (): CancelAnswer =>
    watch.cancelling({ pass, known, jobRunId, signedAtMs, notAfterMs }, () =>
      runs.deliverCancel(applicationId, jobRunId, graceSeconds, signedAtMs),
    );
  if (faults.strikes('call-throttled')) return { kind: 'not-now', message: 'Rate exceeded' };
  if (faults.strikes('cancel-late-packet')) {
    time.after(drawnDelayMs({ faults }), () => void deliver());
    await time.sleep(abortMs);
    return ambiguous;
  }
  const answer = deliver();
  if (!faults.strikes('cancel-ambiguous-after-effect')) return answer;
  await time.sleep(Math.round(faults.random.between(0, abortMs)));
  return ambiguous;
}

/** On its way for as long as its signature holds, and sometimes longer. */
function drawnDelayMs({ faults }: Pick<Site, 'faults'>): number {
  const { random } = faults;
  return Math.round(
    random.chance(0.5) ? random.between(0, 60_000) : random.between(0, signatureValidityMs + 60_000),
  );
}

function drawnFailure({ faults }: Pick<Site, 'faults'>): Failure | undefined {
  const fault = faults.strikesOne('call-throttled', 'call-unavailable');
  if (fault === undefined) return undefined;
  return fault === 'call-throttled'
    ? { ok: false, code: 'throttled', message: 'Rate exceeded' }
    : unavailable;
}
