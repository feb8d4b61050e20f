import type { JobRunSummary } from '../core/job-run.ts';
import type { Answer, JobRuns, ListFilter } from './ports.ts';

/** 50 runs a page: 2,000 live runs in one application. Beyond it the listing counts as unknown, never as complete. */
const pagesMax = 40;
/** All pages of a listing, or why it could not be completed. The date is that of the oldest page. */
export async function listAll(
  runs: JobRuns,
  applicationId: string,
  filter: ListFilter,
): Promise<Answer<{ runs: JobRunSummary[]; dateMs: number }>> {
  const found: JobRunSummary[] = [];
  let dateMs = Number.POSITIVE_INFINITY;
  let nextToken: string | undefined;
  for (let page = 0; page < pagesMax; page++) {
    const answer = await runs.list(
      applicationId,
      nextToken === undefined ? filter : { ...filter, nextToken },
    );
    if (!answer.ok) return answer;
    found.push(...answer.value.runs);
    dateMs = Math.min(dateMs, answer.value.dateMs);
    nextToken = answer.value.nextToken;
    if (nextToken === undefined) return { ok: true, value: { runs: found, dateMs } };
  }
  return {
    ok: false,
    code: 'malformed',
    message: `more than ${pagesMax} pages of runs in application ${applicationId}`,
  };
}
