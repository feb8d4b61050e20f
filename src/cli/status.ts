import { Command } from 'commander';
import { type FleetStatus, fleetStatus, type JobStatus } from '../control/status.ts';
import { usedText } from '../core/spent-budget.ts';
import { readHint } from './advice.ts';
import {
  type Deployment,
  type DeploymentOptions,
  findJob,
  withDeployment,
  withDeploymentFlags,
} from './deployment.ts';
import { type ExitCode, exitCodes, type Host, outJson, type Verbs } from './host.ts';
import { columns } from './output/table.ts';
import { agoText, atText, spanText } from './output/times.ts';
import { fail } from './problems.ts';

interface StatusOptions extends DeploymentOptions {
  readonly json?: boolean;
  readonly check?: boolean;
  readonly all?: boolean;
}

/** Healthy jobs are hidden once the table is longer than this. */
const rowsMax = 20;

/** `checkpilot status [JOB]`: how each job is and what frees it, worst first. */
export function statusCommand({ host, run }: Verbs): Command {
  const command = new Command('status')
    .description('how each job is, and what frees it: a time or a person')
    .argument('[job]', 'one job only')
    .option('--check', 'exit 2 when a job needs a person')
    .option('--all', 'healthy jobs too, however many there are');
  return withDeploymentFlags(command)
    .option('--json', 'one JSON document')
    .action((name: string | undefined) => {
      const options = command.optsWithGlobals<StatusOptions>();
      return run(() =>
        withDeployment(options, host, (deployment) => status(deployment, name, options, host)),
      );
    });
}

async function status(
  deployment: Deployment,
  name: string | undefined,
  options: StatusOptions,
  host: Host,
): Promise<ExitCode> {
  if (name !== undefined && !findJob(deployment, name, host)) return exitCodes.usage;
  const answer = await fleetStatus(deployment.ports, name);
  if (!answer.ok) {
    const message = `the table cannot be read: ${answer.message}`;
    return fail(host, exitCodes.failed, { code: answer.code, message, hint: readHint(answer) });
  }
  const fleet = answer.value;
  if (options.json) outJson(host, fleet);
  else host.out(statusText(fleet, options.all === true));
  const needsHuman = fleet.jobs.some(({ state }) => state === 'NEEDS HUMAN');
  return options.check && needsHuman ? exitCodes.needsHuman : exitCodes.fine;
}

function statusText(fleet: FleetStatus, isAll: boolean): string {
  const { jobs, nowMs } = fleet;
  const isLong = !isAll && jobs.length > rowsMax;
  const shown = isLong ? jobs.filter(({ state }) => state !== 'OK') : jobs;
  const switches = [
    ...(fleet.killSwitch ? ['KILL SWITCH ON: no command is sent'] : []),
    ...(fleet.fleetPause
      ? [
          `fleet paused until ${atText(fleet.fleetPause.untilMs, nowMs)} (${fleet.fleetPause.by}: "${fleet.fleetPause.reason}")`,
        ]
      : []),
  ];
  const head = [`checkpilot  policy ${fleet.policy} ${fleet.policyHash.slice(0, 12)}`, ...switches].join(
    '   ',
  );
  const rows = shown.map((job) => rowOf(job, nowMs));
  const table = columns([
    ['', 'JOB', 'STATE', 'MODE', 'RUN', 'RESTARTS h · d', 'STREAK', 'DATA LOSS', 'LOOKED', 'NEXT'],
    ...rows,
  ]);
  const concerns = shown.flatMap((job) => [
    ...(job.concerns ?? []).map((text) => `${job.job}: ${text}\n`),
    ...spentClasses(job, nowMs).map((text) => `${job.job}: ${text}\n`),
    ...byPeople(job, nowMs).map((text) => `${job.job}: ${text}\n`),
  ]);
  const hidden = jobs.length - shown.length;
  return `${head}\n\n${table}${concerns.length > 0 ? `\n${concerns.join('')}` : ''}${hidden > 0 ? `\n${hidden} ok (hidden, --all)\n` : ''}`;
}

const marks: Readonly<Record<JobStatus['state'], string>> = {
  'NEEDS HUMAN': '!',
  DOWN: '!',
  RECOVERING: '~',
  'NO DATA': '?',
  PAUSED: '‖',
  STARTING: '~',
  STOPPED: '·',
  OK: ' ',
};

/** `in ≤ 11 h` while the age of the oldest unread record is a lower bound; never empty for what nobody knows. */
function lossCell(clock: JobStatus['clock'], nowMs: number): string {
  if (!clock) return '–';
  if (clock.kind === 'idle') return 'none';
  if (clock.kind === 'unknown') return 'unknown';
  const { lossAtMs, bound } = clock;
  if (lossAtMs <= nowMs) return 'NOW';
  const sign = { exact: '', 'at-most': '≥ ', about: '~ ', 'at-least': '≤ ' }[bound];
  return `in ${sign}${spanText(lossAtMs - nowMs)}`;
}

/** Of the budgets of classes only those that keep restarts waiting; all of them are in the JSON. */
function spentClasses({ classBudgets = {} }: JobStatus, nowMs: number): readonly string[] {
  return Object.entries(classBudgets).flatMap(([name, budget]) => {
    if (budget.room) return [];
    const { freesAtMs } = budget;
    const frees = freesAtMs === undefined ? 'when its claim is settled' : `at ${atText(freesAtMs, nowMs)}`;
    return [`restarts after ${name} are used up (${usedText(budget)}), the next is possible ${frees}`];
  });
}

/** What people are asked and have not answered, and what they have paused: the table has room for one thing. */
function byPeople({ approval, extensionApproval, pauses = [] }: JobStatus, nowMs: number): readonly string[] {
  const asked = [approval, extensionApproval].flatMap((one) =>
    one?.state === 'open' && nowMs < one.expiresAtMs
      ? [
          `a person is asked to ${one.text}: checkpilot approve ${one.hash} --reason "…", until ${atText(one.expiresAtMs, nowMs)}`,
        ]
      : [],
  );
  const held = pauses.map(
    ({ action, untilMs, by, reason }) =>
      `${action === undefined ? 'all its commands are' : `its ${action} is`} paused until ${atText(untilMs, nowMs)} (${by}: "${reason}")`,
  );
  return [...asked, ...held];
}

function rowOf(job: JobStatus, nowMs: number): readonly string[] {
  const { hour, perHour, day, perDay } = job.restarts;
  const at = job.nextAtMs === undefined ? '' : `${atText(job.nextAtMs, nowMs)} `;
  return [
    marks[job.state],
    job.job,
    job.state,
    job.mode,
    job.runState ? `${job.jobRunId ?? '?'} ${job.runState}` : '–',
    `${hour}/${perHour} · ${day}/${perDay}`,
    String(job.streak),
    lossCell(job.clock, nowMs),
    job.lookedAtMs === undefined ? 'never' : agoText(nowMs - job.lookedAtMs),
    `${at}${job.next}`,
  ];
}
