import { Argument, Command } from 'commander';
import {
  type OrderAnswer,
  type Person,
  pauseFleet,
  pauseJob,
  resumeFleet,
  resumeJob,
  setKillSwitch,
  startJob,
  stopJob,
} from '../control/orders.ts';
import { type ActionName, actionNames, type ResolvedJob } from '../core/job.ts';
import { parseDuration } from '../policy/scalars.ts';
import { suggest } from '../policy/suggest.ts';
import { hintOf } from './advice.ts';
import {
  type Deployment,
  type DeploymentOptions,
  findJob,
  withDeployment,
  withDeploymentFlags,
  withTable,
} from './deployment.ts';
import { type ExitCode, exitCodes, type Host, outJson, type Verbs } from './host.ts';
import { fail, misused, type Problem } from './problems.ts';

export interface OrderOptions extends DeploymentOptions {
  readonly reason?: string;
  readonly by?: string;
  readonly for?: string;
  readonly only?: string;
  readonly all?: boolean;
  readonly override?: boolean;
  readonly json?: boolean;
}

/** `checkpilot pause JOB | --all --for 2h --reason …`: decisions go on and are recorded, commands wait. */
export function pauseCommand(verbs: Verbs): Command {
  const command = new Command('pause')
    .description('hold back every command for one job or for all; it ends by itself')
    .argument('[job]', 'name of the job')
    .option('--all', 'the whole fleet')
    .option('--only <action>', `one action of a job: ${actionNames.join(', ')}`)
    .option('--for <duration>', 'how long, such as 30m, 4h; needed');
  const spanMs = (options: OrderOptions) => parseDuration(options.for ?? '') ?? 0;
  return order(verbs, command, {
    needsReason: 'by-policy',
    fault: (options) => pauseFault(options, spanMs(options)),
    fleet: (ports, options, person) => pauseFleet(ports, person, ports.clock.now() + spanMs(options)),
    job: async ({ ports, policy }, job, options, person) => {
      const { maxDurationMs } = policy.guardrails.pause;
      if (spanMs(options) <= maxDurationMs)
        return pauseJob(ports, job, person, ports.clock.now() + spanMs(options), actionOf(options));
      const hours = maxDurationMs / 3_600_000;
      return {
        kind: 'refused',
        why: `--for ${options.for} is longer than guardrails.pause.maxDuration of the policy, ${hours} h`,
      };
    },
  });
}

/** The longest that a policy may allow: a pause of the fleet reads none, so that it works when the policy is broken. */
const fleetPauseMsMax = 30 * 24 * 3_600_000;

function pauseFault(options: OrderOptions, spanMs: number): string | undefined {
  if (options.for === undefined) return 'pause needs --for, such as 30m or 4h: a pause ends by itself';
  if (spanMs <= 0) return `--for takes a duration such as 30m or 4h, not "${options.for}"`;
  if (options.all && spanMs > fleetPauseMsMax) return 'a pause of the fleet lasts 30d at most';
  if (options.only === undefined) return undefined;
  if (options.all) return '--only is for the pause of one job, not for the fleet';
  const near = suggest(options.only, actionNames);
  const help = near ? `Did you mean "${near}"?` : `There are: ${actionNames.join(', ')}`;
  return actionOf(options) ? undefined : `there is no action "${options.only}". ${help}`;
}

function actionOf({ only }: OrderOptions): ActionName | undefined {
  return actionNames.find((action) => action === only);
}

/** `checkpilot resume JOB | --all`. */
export function resumeCommand(verbs: Verbs): Command {
  const command = new Command('resume')
    .description('end a pause')
    .argument('[job]', 'name of the job')
    .option('--all', 'the whole fleet');
  return order(verbs, command, {
    needsReason: 'never',
    fleet: (ports) => resumeFleet(ports),
    job: ({ ports }, job) => resumeJob(ports, job),
  });
}

/** `checkpilot stop JOB --reason …`. */
export function stopCommand(verbs: Verbs): Command {
  const command = new Command('stop')
    .description('cancel the run of a job with grace, and keep the job stopped')
    .argument('<job>', 'name of the job');
  return order(verbs, command, {
    needsReason: 'always',
    job: ({ ports }, job, _options, person) => stopJob(ports, job, person),
  });
}

/** `checkpilot start JOB --reason … [--override]`. */
export function startCommand(verbs: Verbs): Command {
  const command = new Command('start')
    .description('start a job from its checkpoint; not charged to its budget')
    .argument('<job>', 'name of the job')
    .option('--override', 'also when the job is parked');
  return order(verbs, command, {
    needsReason: 'always',
    job: ({ ports }, job, options, person) => startJob(ports, job, person, options.override ?? false),
  });
}

/** `checkpilot kill on|off --reason …`. It needs the table and nothing else, least of all a good policy. */
export function killCommand(verbs: Verbs): Command {
  const command = new Command('kill')
    .description('the kill switch: while it is on, no command leaves Checkpilot')
    .addArgument(new Argument('<on|off>', 'on or off').choices(['on', 'off']));
  return order(verbs, command, {
    needsReason: 'always',
    fleet: (ports, _options, person, name) => setKillSwitch(ports, name === 'on', person),
  });
}

/** How one verb is carried out; a verb without `job` is always about the fleet. */
export interface Order {
  readonly needsReason: 'always' | 'by-policy' | 'never';
  /** What is wrong with the options, before anything is asked of AWS. */
  readonly fault?: (options: OrderOptions) => string | undefined;
  readonly fleet?: (
    ports: Deployment['ports'],
    options: OrderOptions,
    person: Person,
    name: string | undefined,
  ) => Promise<OrderAnswer>;
  readonly job?: (
    deployment: Deployment,
    job: ResolvedJob,
    options: OrderOptions,
    person: Person,
  ) => Promise<OrderAnswer>;
  /** The job that a name stands for, where it may be something else than the name of a job; or how it failed. */
  readonly find?: (deployment: Deployment, name: string, host: Host) => Promise<ResolvedJob | ExitCode>;
}

/** Orders that a pass carries out; the others hold from now on. */
const takesPass: ReadonlySet<string> = new Set(['stop', 'start', 'approve']);

/** What all orders share: who and why, the deployment, and how the answer is told. */
export function order({ host, run }: Verbs, command: Command, order: Order): Command {
  const verb = command.name();
  withDeploymentFlags(command)
    .option('--by <name>', 'who orders it (USER)')
    .option('--json', 'one JSON document');
  if (order.needsReason !== 'never')
    command.option('--reason <text>', 'why; needed, and kept with the order');
  return command.action((...args: readonly unknown[]) =>
    run(async () => {
      const name = typeof args[0] === 'string' ? args[0] : undefined;
      const options = command.optsWithGlobals<OrderOptions>();
      const wrong = misuse(verb, name, options, order);
      if (wrong !== undefined) return misused(host, wrong);
      const person = { by: options.by ?? host.env.USER ?? 'unknown', reason: options.reason ?? '' };
      const { fleet, job: give } = order;
      if (fleet && (options.all || !give)) {
        return withTable(options, host, async (ports) => {
          const what = name ? `switch ${name}` : 'the fleet';
          return told(verb, what, await fleet(ports, options, person, name), options, host);
        });
      }
      return withDeployment(options, host, async (deployment) => {
        const { find = async (...named) => findJob(...named) ?? exitCodes.usage } = order;
        const job = await find(deployment, name ?? '', host);
        if (typeof job === 'number') return job;
        if (!give) return exitCodes.usage;
        const isRequired =
          order.needsReason === 'by-policy' && deployment.policy.guardrails.pause.requireReason;
        if (isRequired && !options.reason?.trim()) return misused(host, needsReasonText(verb));
        return told(verb, job.name, await give(deployment, job, options, person), options, host);
      });
    }),
  );
}

function misuse(
  verb: string,
  name: string | undefined,
  options: OrderOptions,
  { needsReason, fault }: Order,
): string | undefined {
  if (name === undefined && options.all !== true) return `${verb} which job? Name one, or say --all`;
  if (name !== undefined && options.all) return `either the job ${name} or --all, not both`;
  const wrong = fault?.(options);
  if (wrong !== undefined) return wrong;
  const isRequired = needsReason === 'always' || (needsReason === 'by-policy' && options.all === true);
  return isRequired && !options.reason?.trim() ? needsReasonText(verb) : undefined;
}

function needsReasonText(verb: string): string {
  return `${verb} needs --reason "…": whoever is on call next will want to know`;
}

function told(verb: string, what: string, answer: OrderAnswer, { json }: OrderOptions, host: Host): ExitCode {
  const problem = problemOf(answer);
  if (json) outJson(host, { ok: !problem, verb, what, ...answer, ...(problem ? { errors: [problem] } : {}) });
  switch (answer.kind) {
    case 'done':
      if (!json)
        host.out(
          `${verb} ${what}: ${takesPass.has(verb) ? `ordered; the next pass carries it out, see checkpilot status ${what}` : 'done'}${answer.about === undefined ? '' : ` (${answer.about})`}\n`,
        );
      return exitCodes.fine;
    case 'unchanged':
      if (!json) host.out(`nothing to do: ${answer.why}\n`);
      return exitCodes.fine;
    case 'refused':
    case 'unavailable':
      if (problem) fail(host, exitCodes.failed, problem);
      return answer.kind === 'refused' ? exitCodes.refused : exitCodes.failed;
  }
}

function problemOf(answer: OrderAnswer): Problem | undefined {
  switch (answer.kind) {
    case 'done':
    case 'unchanged':
      return undefined;
    case 'refused':
      return { code: 'refused', message: `refused: ${answer.why}` };
    case 'unavailable': {
      const { message, isOpen } = answer;
      const hint = hintOf(message);
      if (!isOpen)
        return {
          code: 'unavailable',
          message: `nothing was ordered: ${message}.`,
          hint: hint ?? 'Try again.',
        };
      return {
        code: 'unavailable',
        message: `could not finish, and it is open whether it took effect: ${message}.`,
        hint: `${hint === undefined ? '' : `${hint}\n`}Look with checkpilot status, then try again.`,
      };
    }
  }
}
