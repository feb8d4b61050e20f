import { jobsOfAlarm } from '../core/alarm.ts';
import type { Answer, Ports, Wake } from './ports.ts';
import { jobOfRun } from './resolve.ts';

type AlarmWake = Extract<Wake, { kind: 'alarm' }>;
type JobWake = Extract<Wake, { kind: 'job' }>;

/** Bound of `cause` in a wake message. */
const causeCharactersMax = 200;

/**
 * Wakes every job that an alarm is about, each by a message of its own, so that one alarm over a whole fleet does not
 * make one long invocation. `again` when that could not be found out or sent; an alarm of nobody is `done`.
 */
export async function wakeJobsOfAlarm(ports: Ports, wake: AlarmWake): Promise<'done' | 'again'> {
  const { alarm, state } = wake;
  const resolved = await wakesOf(ports, wake);
  if (!resolved.ok) {
    ports.log.warn('alarm not resolved', { alarm, state, code: resolved.code, why: resolved.message });
    return 'again';
  }
  const found = resolved.value;
  ports.log.info(found.length > 0 ? 'alarm' : 'alarm of no job', {
    alarm,
    state,
    jobs: found.map(({ job }) => job),
  });
  if (found.length === 0) return 'done';
  const sent = await ports.wakes.send(found.map((one) => ({ wake: one, delaySeconds: 0 })));
  if (!sent.ok) ports.log.warn('alarm not handed on', { alarm, state, code: sent.code, why: sent.message });
  return sent.ok ? 'done' : 'again';
}

async function wakesOf(ports: Ports, wake: AlarmWake): Promise<Answer<readonly JobWake[]>> {
  const cause = `alarm ${wake.alarm}`.slice(0, causeCharactersMax).toWellFormed();
  const current = await ports.policies.current();
  if (!current.ok) return current.code === 'not-found' ? { ok: true, value: [] } : current;
  const jobs = jobsOfAlarm(Object.values(current.value.policy.jobs), wake);
  const wakes = jobs.map(({ name }): JobWake => ({ kind: 'job', job: name, cause }));
  if (wakes.length > 0) return { ok: true, value: wakes };
  return wakesOfRuns(ports, wake, cause);
}

/** An alarm that names a run of one of our applications, and nothing else that tells whose it is. */
async function wakesOfRuns(
  ports: Ports,
  { dimensions }: AlarmWake,
  cause: string,
): Promise<Answer<readonly JobWake[]>> {
  const wakes: JobWake[] = [];
  for (const { ApplicationId, JobId } of dimensions) {
    if (ApplicationId === undefined || JobId === undefined) continue;
    const found = await jobOfRun(ports, ApplicationId, JobId);
    if (!found.ok && found.code !== 'not-found') return found;
    const owner = found.ok ? found.value : undefined;
    if (owner && !wakes.some(({ job }) => job === owner.job))
      wakes.push({ kind: 'job', job: owner.job, cause, ...(owner.known ? {} : { look: true }) });
  }
  return { ok: true, value: wakes };
}
