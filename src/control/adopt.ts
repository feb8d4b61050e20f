import type { Decision } from '../core/decision.ts';
import { startedByPerson } from '../core/incident.ts';
import type { ResolvedJob } from '../core/job.ts';
import type { JobRun } from '../core/job-run.ts';
import type { JobMemory } from '../core/memory.ts';
import { marksAtStart } from '../core/progress.ts';
import { type Item, keys, type LaunchItem, schemaVersion } from './items.ts';
import { runItem } from './listing.ts';
import { type JobState, lockAt } from './load.ts';
import type { Write } from './ports.ts';
import { lockWrite } from './writes.ts';

/**
 * Protocol, step 12: a run that somebody else started is ours from now on. No charge, and the streak goes on – unless
 * batches were committed since the last mark, which end it here as they do at a start of ours.
 */
export function adopted(memory: JobMemory, job: ResolvedJob, decision: Decision, run: JobRun): JobMemory {
  const generation = memory.generation + 1;
  const marks = marksAtStart(memory, decision.observation, false);
  const progress = Object.fromEntries(
    job.checkpoints.map((location) => [
      location,
      marks[location] ?? memory.progress[location] ?? { committedAtStart: -1, streak: 0 },
    ]),
  );
  const { jobRunId, applicationId, createdAtMs } = run;
  const { stopped, ...before } = memory;
  // Whoever ordered the stop meant that run, too: it was there already, only not ours to cancel.
  const isStopped = stopped !== undefined && run.createdAtMs <= stopped.atMs;
  return {
    ...before,
    ...(memory.incident ? { incident: startedByPerson(memory.incident, 'run-adopted') } : {}),
    generation,
    ...(isStopped ? { desired: 'stopped', stopped } : { desired: 'running' }),
    progress,
    run: { jobRunId, applicationId, generation, cause: 'adopted', acceptedAtMs: createdAtMs },
  };
}

/** The locks name the run from now on, and its request is what the next start copies. */
export function adoptWrites(
  { job, state }: { readonly job: ResolvedJob; readonly state: JobState },
  run: JobRun,
  next: JobMemory,
): readonly Write[] {
  const launch: LaunchItem = {
    ...keys.launch(job.name, next.generation),
    kind: 'launch',
    schema: schemaVersion,
    rev: 1,
    job: job.name,
    generation: next.generation,
    request: run.request,
    jobRunId: run.jobRunId,
  };
  const locks = job.checkpoints.map((location) => {
    const before = lockAt(state, location);
    const taken = {
      owner: job.name,
      epoch: (before?.epoch ?? 0) + 1,
      runId: run.jobRunId,
      applicationId: run.applicationId,
    };
    return lockWrite(state, location, taken);
  });
  const known: Item = runItem(run, { job: job.name });
  return [...locks, { put: launch, seenRev: 'any' }, { put: known, seenRev: 'any' }];
}
