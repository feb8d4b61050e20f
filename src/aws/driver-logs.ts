import { type EMRServerlessClient, GetApplicationCommand } from '@aws-sdk/client-emr-serverless';
import type { Answer, Clock, DriverLogs, LogSearch, LogsAnswer, SearchAnswer } from '../control/ports.ts';
import type { JobRun } from '../core/job-run.ts';
import { toFailure } from './failures.ts';
import { cloudWatchOf, type Monitoring, parseMonitoring, s3PlaceOf } from './log-places.ts';
import type { Permissions } from './permissions.ts';

/** Where an application sends its logs changes only while it is stopped. */
const rememberedMs = 10 * 60_000;

type NoLog = Exclude<LogsAnswer, { kind: 'read' }>;

export interface DriverLogsOptions {
  readonly clock: Clock;
  readonly emrServerless: EMRServerlessClient;
  /** In the order in which they are asked; the first that has a log is believed. */
  readonly places: readonly DriverLogs[];
}

/**
 * The logs of a run wherever they go: to the places that its request names or, where it names none, to those that its
 * application does.
 */
export class PlacedDriverLogs implements DriverLogs {
  readonly #options: DriverLogsOptions;
  readonly #applications = new Map<string, { readonly atMs: number; readonly monitoring: Monitoring }>();

  constructor(options: DriverLogsOptions) {
    this.#options = options;
  }

  read(run: JobRun, attempt?: number): Promise<LogsAnswer> {
    return this.#ask(run, (place, placed) => place.read(placed, attempt), comingOne);
  }

  readExecutor(run: JobRun, executor: string, attempt?: number): Promise<LogsAnswer> {
    return this.#ask(run, (place, placed) => place.readExecutor(placed, executor, attempt), comingOne);
  }

  search(run: JobRun, search: LogSearch): Promise<SearchAnswer> {
    return this.#ask<SearchAnswer>(run, (place, placed) => place.search(placed, search), unknownOne);
  }

  async #ask<T extends LogsAnswer | SearchAnswer>(
    run: JobRun,
    ask: (place: DriverLogs, placed: JobRun) => Promise<T>,
    oneOf: (told: Told) => NoLog | undefined,
  ): Promise<T | NoLog> {
    const placed = await this.#placed(run);
    if (!placed.ok)
      return { kind: 'unknown', why: `where its application sends logs: ${placed.code}: ${placed.message}` };
    const answers: NoLog[] = [];
    for (const place of this.#options.places) {
      const answer = await ask(place, placed.value);
      if (answer.kind === 'read') return answer;
      answers.push(answer as NoLog);
    }
    const coming = answers.find((answer) => answer.kind === 'none' && answer.mayCome === true);
    const unknown = answers.find(({ kind }) => kind === 'unknown');
    return (
      oneOf({ coming, unknown }) ?? {
        kind: 'none',
        why: 'neither the run nor its application sends logs to S3 or CloudWatch',
      }
    );
  }

  async #placed(run: JobRun): Promise<Answer<JobRun>> {
    if (s3PlaceOf(run) || cloudWatchOf(run)) return { ok: true, value: run };
    const monitoring = await this.#monitoringOf(run.applicationId);
    if (!monitoring.ok) return monitoring;
    const configurationOverrides = { monitoringConfiguration: monitoring.value };
    return { ok: true, value: { ...run, request: { ...run.request, configurationOverrides } } };
  }

  async #monitoringOf(applicationId: string): Promise<Answer<Monitoring>> {
    const nowMs = this.#options.clock.now();
    const known = this.#applications.get(applicationId);
    if (known && nowMs - known.atMs < rememberedMs) return { ok: true, value: known.monitoring };
    try {
      const { application } = await this.#options.emrServerless.send(
        new GetApplicationCommand({ applicationId }),
      );
      const monitoring = parseMonitoring(application?.monitoringConfiguration);
      this.#applications.set(applicationId, { atMs: nowMs, monitoring });
      return { ok: true, value: monitoring };
    } catch (error) {
      return toFailure(error);
    }
  }
}

/** What places without a log said: that one may still get one, and that one could not be read. */
interface Told {
  readonly coming: NoLog | undefined;
  readonly unknown: NoLog | undefined;
}

/** To judge an end a log that is on its way is worth waiting for; what could not be read is said with it. */
function comingOne({ coming, unknown }: Told): NoLog | undefined {
  return coming && unknown ? { ...coming, why: `${coming.why}; ${unknown.why}` } : (coming ?? unknown);
}

/** A search goes on from where it stopped, so that waiting costs it nothing; what may not be read has to be told. */
function unknownOne({ coming, unknown }: Told): NoLog | undefined {
  return unknown ?? coming;
}

export const applicationPermissions: Permissions = {
  title: 'read where an application sends the logs of runs that do not say it',
  actions: ['emr-serverless:GetApplication'],
};
