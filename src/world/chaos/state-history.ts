import type { JobRunSummary } from '../../core/job-run.ts';
import { toJobRunState } from '../../core/job-run.ts';
import type { Journal } from '../journal.ts';

/** The states that every run went through, so that a listing can be answered from an older moment. */
export class StateHistory {
  readonly #changes = new Map<string, { atMs: number; state: string }[]>();

  constructor(journal: Journal) {
    journal.onEntry(({ t, kind, jobRunId, state }) => {
      if (jobRunId === undefined) return;
      if (kind === 'start-accepted') this.#changes.set(jobRunId, [{ atMs: t, state: 'SUBMITTED' }]);
      if (kind === 'run-state') this.#changes.get(jobRunId)?.push({ atMs: t, state: String(state) });
    });
  }

  /** The run as a list showed it at `atMs`; its first state for a run that is younger. */
  asOf(run: JobRunSummary, atMs: number): JobRunSummary {
    const changes = this.#changes.get(run.jobRunId);
    if (!changes) return run;
    const state = changes.findLast((change) => change.atMs <= atMs)?.state ?? changes[0]?.state;
    return { ...run, state: toJobRunState(state) };
  }
}
