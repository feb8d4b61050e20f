import { jobRunSummaryOf, type Run } from './emr-run.ts';
import {
  type JobRunMode,
  type JobRunState,
  type JobRunSummary,
  jobRunStates,
  validationError,
} from './emr-types.ts';

export interface ListJobRunsQuery {
  states?: readonly JobRunState[];
  /** Milliseconds since the epoch; both bounds are exclusive. */
  createdAtAfter?: number;
  createdAtBefore?: number;
  mode?: JobRunMode;
  maxResults?: number;
  nextToken?: string;
}

/** botocore: the largest page. */
const PAGE_MAX = 50;

/** botocore: at most this many states in the filter. */
const STATES_MAX = 8;

/** One page of the runs of an application, given in the order in which they were accepted. */
export function listJobRuns(
  runs: readonly Run[],
  query: ListJobRunsQuery,
  nowMs: number,
): { jobRuns: JobRunSummary[]; nextToken?: string } {
  const { maxResults = PAGE_MAX, states = [] } = query;
  if (!Number.isInteger(maxResults) || maxResults < 1 || maxResults > PAGE_MAX) {
    throw validationError(`maxResults must be between 1 and ${PAGE_MAX}`);
  }
  if (states.length > STATES_MAX || !states.every((state) => jobRunStates.includes(state))) {
    throw validationError(`states must hold at most ${STATES_MAX} job run states`);
  }
  const matching = runs
    .map((run, index) => ({ run, index }))
    .filter(({ run, index }) => index < firstIndexShown(query, runs) && isListed(run, query, nowMs))
    .reverse();
  const page = matching.slice(0, maxResults);
  const last = page.at(-1);
  const jobRuns = page.map(({ run }) => jobRunSummaryOf(run));
  // The token names the last run shown, so that runs accepted in between do not shift the pages.
  if (last === undefined || matching.length <= maxResults) return { jobRuns };
  return { jobRuns, nextToken: Buffer.from(`before:${last.index}`).toString('base64url') };
}

function firstIndexShown({ nextToken }: ListJobRunsQuery, runs: readonly Run[]): number {
  if (nextToken === undefined) return runs.length;
  const [, index] =
    Buffer.from(nextToken, 'base64url')
      .toString()
      .match(/^before:(\d+)$/) ?? [];
  if (index === undefined) throw validationError('Invalid nextToken');
  return Number(index);
}

function isListed(run: Run, query: ListJobRunsQuery, nowMs: number): boolean {
  const { createdAtAfter, createdAtBefore, mode, states = [] } = query;
  return (
    run.listedAtMs <= nowMs &&
    (states.length === 0 || states.includes(run.state)) &&
    (createdAtAfter === undefined || run.createdAtMs > createdAtAfter) &&
    (createdAtBefore === undefined || run.createdAtMs < createdAtBefore) &&
    (mode === undefined || run.mode === mode)
  );
}
