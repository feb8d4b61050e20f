import { Command } from 'commander';
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
import { parseDuration } from '../policy/scalars.ts';
import {
  type Deployment,
  type DeploymentOptions,
  findJob,
  withDeployment,
  withDeploymentFlags,
} from './deployment.ts';
import { type ExitCode, exitCodes, type Host, outJson, type Verbs } from './host.ts';

interface OrderOptions extends DeploymentOptions {
  readonly reason?: string;
  readonly by?: string;
  readonly for?: string;
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
    .requiredOption('--for <duration>', 'how long, such as 30m, 4h');
  return order(verbs, command, true, async (deployment, options, name, person, host) => {
    const { maxDurationMs } = deployment.policy.guardrails.pause;
    const forMs = parseDuration(options.for ?? '');
    if (forMs === undefined || forMs <= 0)
      return usage(host, `--for takes a duration such as 30m or 4h, not "${options.for}"`);
    if (forMs > maxDurationMs) {
      return usage(
        host,
        `--for ${options.for} is longer than the policy allows: guardrails.pause.maxDuration is ${maxDurationMs / 3_600_000} h`,
      );
    }
    const untilMs = deployment.ports.clock.now() + forMs;
    if (options.all) return pauseFleet(deployment.ports, person, untilMs);
    const job = findJob(deployment, name ?? '', host);
    return job ? pauseJob(deployment.ports, job, person, untilMs) : exitCodes.usage;
  });
}

/** `checkpilot resume JOB | --all`. */
export function resumeCommand(verbs: Verbs): Command {
  const command = new Command('resume')
    .description('end a pause')
    .argument('[job]', 'name of the job')
    .option('--all', 'the whole fleet');
  return order(verbs, command, false, async (deployment, options, name, _person, host) => {
    if (options.all) return resumeFleet(deployment.ports);
    const job = findJob(deployment, name ?? '', host);
    return job ? resumeJob(deployment.ports, job) : exitCodes.usage;
  });
}

/** `checkpilot stop JOB --reason …`. */
export function stopCommand(verbs: Verbs): Command {
  const command = new Command('stop')
    .description('cancel the run of a job with grace, and keep the job stopped')
    .argument('<job>', 'name of the job');
  return order(verbs, command, true, async (deployment, _options, name, _person, host) => {
    const job = findJob(deployment, name ?? '', host);
    return job ? stopJob(deployment.ports, job) : exitCodes.usage;
  });
}

/** `checkpilot start JOB --reason … [--override]`. */
export function startCommand(verbs: Verbs): Command {
  const command = new Command('start')
    .description('start a job from its checkpoint; not charged to its budget')
    .argument('<job>', 'name of the job')
    .option('--override', 'also when the job is parked');
  return order(verbs, command, true, async (deployment, options, name, person, host) => {
    const job = findJob(deployment, name ?? '', host);
    return job ? startJob(deployment.ports, job, person, options.override ?? false) : exitCodes.usage;
  });
}

/** `checkpilot kill on|off --reason …`. */
export function killCommand(verbs: Verbs): Command {
  const command = new Command('kill')
    .description('the kill switch: while it is on, no command leaves Checkpilot')
    .argument('<on|off>', 'on or off');
  return order(verbs, command, true, async (deployment, _options, name, person, host) => {
    if (name !== 'on' && name !== 'off') return usage(host, `kill takes on or off, not "${name}"`);
    return setKillSwitch(deployment.ports, name === 'on', person);
  });
}

type Give = (
  deployment: Deployment,
  options: OrderOptions,
  name: string | undefined,
  person: Person,
  host: Host,
) => Promise<OrderAnswer | ExitCode>;

/** What all orders share: who and why, the deployment, and how the answer is told. */
function order({ host, run }: Verbs, command: Command, needsReason: boolean, give: Give): Command {
  withDeploymentFlags(command)
    .option('--by <name>', 'who orders it (USER)')
    .option('--json', 'one JSON document');
  if (needsReason) command.option('--reason <text>', 'why; kept with the order');
  return command.action((...args: readonly unknown[]) =>
    run(() => {
      const name = typeof args[0] === 'string' ? args[0] : undefined;
      const options = command.optsWithGlobals<OrderOptions>();
      if (name === undefined && options.all !== true)
        return usage(host, `${command.name()} which job? Name one, or say --all`);
      if (name !== undefined && options.all) return usage(host, `either the job ${name} or --all, not both`);
      return withDeployment(options, host, async (deployment) => {
        const isRequired = needsReason && deployment.policy.guardrails.pause.requireReason;
        if (isRequired && !options.reason?.trim())
          return usage(
            host,
            `${command.name()} needs --reason "…": whoever is on call next will want to know`,
          );
        const person = { by: options.by ?? host.env.USER ?? 'unknown', reason: options.reason ?? '' };
        const answer = await give(deployment, options, name, person, host);
        return typeof answer === 'number'
          ? answer
          : told(command.name(), name ?? 'the fleet', answer, options, host);
      });
    }),
  );
}

function told(verb: string, what: string, answer: OrderAnswer, { json }: OrderOptions, host: Host): ExitCode {
  if (json) outJson(host, { verb, what, ...answer });
  switch (answer.kind) {
    case 'done':
      if (!json) host.out(`${verb} ${what}: done\n`);
      return exitCodes.fine;
    case 'unchanged':
      if (!json) host.out(`nothing to do: ${answer.why}\n`);
      return exitCodes.fine;
    case 'refused':
      host.err(`refused: ${answer.why}\n`);
      return exitCodes.refused;
    case 'unavailable':
      host.err(
        `could not finish, nothing is known of the effect: ${answer.message}. Look with checkpilot status, then try again.\n`,
      );
      return exitCodes.failed;
  }
}

function usage(host: Host, sentence: string): ExitCode {
  host.err(`${sentence}\n`);
  return exitCodes.usage;
}
