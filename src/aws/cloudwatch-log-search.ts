import { type CloudWatchLogsClient, FilterLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import type { LogSearch, SearchAnswer } from '../control/ports.ts';
import type { JobRun } from '../core/job-run.ts';
import { logNameOf } from './log-places.ts';
import type { Permissions } from './permissions.ts';
import { endOf } from './tail.ts';

/** Of one search. The service answers with what it found in a second or so, which may be nothing, and goes on. */
const pagesMax = 8;
/** Events are searched once more that old: they may have arrived after the search before. */
const arriveLateMs = 5 * 60_000;
/** Of a stream; a page of events holds at most 1 MB. */
const keptChars = 1024 * 1024 * pagesMax;
/** Before the token of the service, which a search of another place cannot use. */
const markPrefix = 'cloudwatch:';

interface Of {
  readonly run: JobRun;
  readonly place: { readonly group: string; readonly prefix: string };
  readonly search: LogSearch;
  readonly abort: AbortSignal;
}

/**
 * One part of a search through all streams of a run, up to when it began. Only the service knows how far it looked, since
 * pages without an event are no end; so its token is the mark from which the next part goes on, for up to a day.
 */
export async function searchGroup(client: CloudWatchLogsClient, of: Of): Promise<SearchAnswer> {
  const { sinceMs, nowMs, rest } = of.search;
  const beganMs = rest?.mark.startsWith(markPrefix) ? rest.beganMs : nowMs;
  const firstToken = rest?.mark.startsWith(markPrefix) ? rest.mark.slice(markPrefix.length) : undefined;
  const texts = new Map<string, string[]>();
  let nextToken = firstToken;
  let page = 0;
  try {
    do {
      const answer = await client.send(commandOf(of, beganMs, nextToken), { abortSignal: of.abort });
      for (const { logStreamName = '', message = '' } of answer.events ?? []) {
        const lines = texts.get(logStreamName) ?? [];
        lines.push(message);
        texts.set(logStreamName, lines);
      }
      nextToken = answer.nextToken;
      page += 1;
    } while (nextToken !== undefined && page < pagesMax);
  } catch (error) {
    // The token is too old: from the beginning then, which is better than not at all.
    const isExpired = firstToken !== undefined && page === 0 && isInvalid(error);
    if (isExpired) return { kind: 'read', logs: [], throughMs: sinceMs, unread: 'all of it, once more' };
    // What was read by then counts.
    if (page === 0) throw error;
  }
  const logs = [...texts].map(([name, lines]) => ({
    source: logNameOf(name),
    text: endOf(lines.join('\n'), keptChars),
    linesBefore: 0,
  }));
  return nextToken === undefined
    ? { kind: 'read', logs, throughMs: Math.max(sinceMs, beganMs - arriveLateMs) }
    : {
        kind: 'read',
        logs,
        throughMs: sinceMs,
        unread: 'more events than one search may read',
        mark: `${markPrefix}${nextToken}`,
      };
}

/** The same for every part: a token goes with the request that it is the answer to. */
function commandOf(
  { run, place, search }: Of,
  beganMs: number,
  nextToken: string | undefined,
): FilterLogEventsCommand {
  return new FilterLogEventsCommand({
    logGroupName: place.group,
    logStreamNamePrefix: `${place.prefix}applications/${run.applicationId}/jobs/${run.jobRunId}/`,
    startTime: search.sinceMs,
    endTime: beganMs,
    filterPattern: search.words.map((word) => `?"${word}"`).join(' '),
    ...(nextToken === undefined ? {} : { nextToken }),
  });
}

function isInvalid(error: unknown): boolean {
  return error instanceof Error && error.name === 'InvalidParameterException';
}

export const logSearchPermissions: Permissions = {
  title: 'search the log groups of the parameter LogGroupArns',
  actions: ['logs:FilterLogEvents'],
};
