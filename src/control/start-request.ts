import { createHash } from 'node:crypto';
import type { ResolvedJob } from '../core/job.ts';
import { runTags } from '../core/job-run.ts';
import type { LaunchRequest } from '../core/launch-request.ts';
import { leastWorkers } from '../core/learned-sizes.ts';
import type { Wish } from '../core/memory.ts';
import type { Observation } from '../core/observation.ts';
import { atLeast } from '../core/workers.ts';
import { as, keys } from './items.ts';
import type { Answer, Ports } from './ports.ts';

/**
 * What the next run is started from: the policy's own request, or that of the last run – as we sent it, or else
 * as the service tells it. Undefined when there is neither; where the table does not tell, nothing takes its place.
 */
export async function baseRequest(
  ports: Pick<Ports, 'store'>,
  job: ResolvedJob,
  base: Wish['plan']['base'],
  observation: Observation,
): Promise<Answer<LaunchRequest | undefined>> {
  if (base === 'spec') return { ok: true, value: job.launch };
  const stored = await ports.store.read([keys.launch(job.name, base.generation)]);
  if (!stored.ok) return stored;
  const launch = as('launch', stored.value.items[0]);
  const ofService = observation.run.kind === 'seen' ? observation.run.run.request : job.launch;
  return { ok: true, value: launch?.request ?? ofService };
}

/**
 * The complete request of a claim, in sizes that are never below what a failure taught. Our tags replace those that came
 * along; the name stays the job's.
 */
export function claimRequest(
  base: LaunchRequest,
  wish: Wish,
  claim: { id: string; job: string; epoch: number },
  { application }: Pick<Observation, 'application'>,
): LaunchRequest {
  const sparkDefaults = application?.kind === 'seen' ? application.sparkDefaults : undefined;
  const sized = atLeast(base, leastWorkers(wish.plan), sparkDefaults);
  const own = {
    [runTags.job]: claim.job,
    [runTags.epoch]: String(claim.epoch),
    [runTags.claim]: claim.id,
    [runTags.cause]: wish.cause,
  };
  return { ...sized, tags: { ...sized.tags, ...own } };
}

/**
 * The client token embeds the claim, so that sending again never starts a second run, and a new claim always
 * can. 64 hex characters, the longest that StartJobRun takes.
 */
export function clientToken(location: string, epoch: number, claimId: string): string {
  return createHash('sha256').update(`${location}\n${epoch}\n${claimId}`).digest('hex');
}
