import { Command } from 'commander';
import { CloudWatchAlarms } from '../aws/cloudwatch-alarms.ts';
import { publishPolicy } from '../aws/publish-policy.ts';
import { systemClock } from '../aws/system-clock.ts';
import type { PolicyItem } from '../control/items.ts';
import type { ResolvedPolicy } from '../core/job.ts';
import { compiledPolicy } from '../policy/compiled.ts';
import { type AlarmWork, alarmWork, doneText } from './apply-alarms.ts';
import { type ApplyEnd, type Done, ends, unreachable } from './apply-ends.ts';
import { unknownFormerName } from './former-names.ts';
import { type ExitCode, exitCodes, type Host, outJson, type Verbs } from './host.ts';
import { loadForVerb } from './load-policy.ts';
import { changesText, type PolicyChanges, policyChanges } from './policy-changes.ts';
import { movePointer, type Pointer, pinned, policyAt, readPointer } from './policy-in-force.ts';
import { misused } from './problems.ts';
import {
  type Connection,
  connect,
  readTarget,
  strangerHere,
  type Target,
  type TargetOptions,
  whichDeployment,
} from './target.ts';

interface ApplyOptions extends TargetOptions {
  readonly dryRun?: boolean;
  readonly rollback?: boolean;
  readonly yes?: boolean;
  readonly json?: boolean;
  readonly color: boolean;
}

/** `checkpilot apply FILE…`: puts a policy in force, or the one before with `--rollback`. */
export function applyCommand({ host, run }: Verbs): Command {
  return new Command('apply')
    .description('put a policy in force, or go back to the one before')
    .argument('[file...]', 'policy files, or folders of them')
    .option('--table <name>', 'table of Checkpilot (CHECKPILOT_TABLE)')
    .option('--bucket <name>', 'control bucket (CHECKPILOT_CONTROL_BUCKET)')
    .option('--region <region>', 'Region of the deployment (AWS_REGION)')
    .option('--account <id>', 'account of the deployment (CHECKPILOT_ACCOUNT); any other policy is refused')
    .option(
      '--endpoint-url <url>',
      'where the services answer, if not at AWS (AWS_ENDPOINT_URL, …_DYNAMODB, …_S3)',
    )
    .option('--dry-run', 'show what would change, write nothing')
    .option('--rollback', 'go back to the policy that was in force before')
    .option('--yes', 'do not ask')
    .option('--json', 'one JSON document')
    .action((paths: readonly string[], _options, command: Command) =>
      run(() => apply(paths, command.optsWithGlobals<ApplyOptions>(), host)),
    );
}

async function apply(paths: readonly string[], options: ApplyOptions, host: Host): Promise<ExitCode> {
  const isRollback = options.rollback === true;
  if (isRollback === paths.length > 0) {
    return misused(
      host,
      isRollback
        ? '--rollback takes no files: it goes back to what was in force.'
        : 'apply needs the files of the policy, or --rollback.',
    );
  }
  const target = readTarget(options, host);
  if ('faults' in target) return whichDeployment(target.faults, host);
  const loaded = isRollback ? undefined : await loadForVerb(paths, host, options);
  if (loaded && !loaded.ok) return loaded.exitCode;
  const connection = connect(target);
  try {
    const task: Task = { target, connection, options, host };
    const end = await move(task, loaded?.policy);
    return tell(end, task);
  } finally {
    connection.clients.destroy();
  }
}

interface Task {
  readonly target: Target;
  readonly connection: Connection;
  readonly options: ApplyOptions;
  readonly host: Host;
}

/** Without a policy: to the one that was in force before. */
async function move(task: Task, wanted: ResolvedPolicy | undefined): Promise<ApplyEnd> {
  const { target, connection, options, host } = task;
  const stranger = wanted && strangerHere(wanted, target);
  if (stranger) return ends.refused(stranger);
  const read = await readPointer(connection.store);
  if (!read.ok) return unreachable(read, `table ${target.table}`);
  const pointer = read.value;
  const goal = wanted ? await newGoal(wanted, pointer, task) : await previousGoal(pointer, task);
  if ('kind' in goal) return goal;

  const before = pointer.item ? await policyAt(pointer.item.hash, target.bucket, connection) : undefined;
  if (before?.kind === 'unreachable') return unreachable(before.failure, `bucket ${target.bucket}`);
  const inForce = before?.kind === 'there' ? before.policy : undefined;
  if (before && before.kind !== 'there') {
    host.err(`the policy in force cannot be read, so every job counts as new: ${before.message}\n`);
    if (goal.hash === pointer.item?.hash) return ends.lost(goal.hash);
  }
  const shown = {
    hash: goal.hash,
    ...(pointer.item ? { previousHash: pointer.item.hash } : {}),
    changes: policyChanges(inForce, goal.policy),
  };
  const isInForce = goal.hash === pointer.item?.hash;
  const former = wanted && !isInForce && (await unknownFormerName(inForce, goal.policy, connection.store));
  if (former) return former;
  const alarms = await lookAtAlarms(task, inForce, goal.policy);
  if (isInForce && alarms?.isIdle !== false) return withAlarms({ kind: 'unchanged', ...shown }, alarms);

  if (!options.json) host.out(`${isInForce ? '' : preview(goal.policy, shown)}${alarms?.text ?? ''}`);
  if (options.dryRun) return { kind: 'dry-run', ...shown, ...(alarms ? { alarms: alarms.planned } : {}) };
  const question = isInForce ? 'Bring the alarms in line?' : `Put policy ${short(goal.hash)} in force?`;
  const isMeant = options.yes === true || (await host.confirm(question));
  if (isMeant !== true) return ends.unasked(isMeant === undefined);
  return withAlarms(isInForce ? { kind: 'unchanged', ...shown } : await goal.carryOut(shown), alarms);
}

function lookAtAlarms(
  { target, connection, host }: Task,
  before: ResolvedPolicy | undefined,
  after: ResolvedPolicy,
): Promise<AlarmWork | undefined> {
  const alarms = new CloudWatchAlarms({ client: connection.clients.cloudwatch, table: target.table });
  return alarmWork({ alarms, clock: host.clock ?? systemClock }, before, after);
}

/** Alarms come last: the policy is in force without them, and a further apply makes up for what failed. */
async function withAlarms(end: ApplyEnd, work: AlarmWork | undefined): Promise<ApplyEnd> {
  return work && 'hash' in end ? { ...end, alarms: await work.carryOut() } : end;
}

type Shown = { readonly hash: string; readonly previousHash?: string; readonly changes: PolicyChanges };

interface Goal {
  readonly policy: ResolvedPolicy;
  readonly hash: string;
  carryOut(shown: Shown): Promise<ApplyEnd>;
}

async function newGoal(policy: ResolvedPolicy, pointer: Pointer, task: Task): Promise<Goal | ApplyEnd> {
  const { target, connection } = task;
  const { hash, key } = compiledPolicy(policy);
  // Objects are written once: an altered one of this name would be taken for the policy.
  const there = await policyAt(hash, target.bucket, connection);
  if (there.kind === 'unreachable') return unreachable(there.failure, `bucket ${target.bucket}`);
  if (there.kind === 'altered' && hash !== pointer.item?.hash) return ends.altered(target.bucket, key);
  return {
    policy,
    hash,
    carryOut: async (shown) => {
      const store = pinned(connection.store, pointer);
      const answer = await publishPolicy(policy, {
        client: connection.clients.s3,
        bucket: target.bucket,
        store,
      });
      switch (answer.kind) {
        case 'published':
          return { kind: 'applied', ...shown };
        case 'unchanged':
          return { kind: 'unchanged', ...shown };
        case 'conflict':
          return ends.conflict();
        case 'failed':
          return unreachable(answer.failure, `table ${target.table} or bucket ${target.bucket}`, true);
      }
    },
  };
}

async function previousGoal({ item }: Pointer, { target, connection }: Task): Promise<Goal | ApplyEnd> {
  const hash = item?.previousHash;
  if (!item || hash === undefined) return ends.nothingBefore();
  const previous = await policyAt(hash, target.bucket, connection);
  if (previous.kind === 'unreachable') return unreachable(previous.failure, `bucket ${target.bucket}`);
  if (previous.kind !== 'there') return ends.lostBefore(hash, previous.message);
  const { policy } = previous;
  const stranger = strangerHere(policy, target);
  if (stranger) return ends.refused(stranger);
  return { policy, hash, carryOut: (shown) => rollBack(item, shown, connection) };
}

async function rollBack(item: PolicyItem, shown: Shown, { store }: Connection): Promise<ApplyEnd> {
  const moved = await movePointer(store, item, shown.hash);
  switch (moved.kind) {
    case 'committed':
      return { kind: 'rolled-back', ...shown };
    case 'conflict':
      return ends.conflict();
    case 'unavailable':
      return unreachable({ ok: false, code: 'unavailable', message: moved.message }, 'the table', true);
  }
}

function preview({ name }: ResolvedPolicy, { hash, previousHash, changes }: Shown): string {
  return `Policy ${name}   ${previousHash ? short(previousHash) : 'none'} → ${short(hash)}\n${changesText(changes)}`;
}

function tell(end: ApplyEnd, { host, options }: Task): ExitCode {
  const isDone = 'hash' in end;
  const problems = (isDone && end.alarms?.problems) || [];
  // `errors` as every verb has them, beside the fields that an apply had from the beginning.
  const errors = isDone
    ? problems.map(({ message, hint }) => ({ code: 'alarm', message, hint }))
    : [{ code: end.kind, message: end.message, hint: end.hint }];
  const isOk = errors.length === 0;
  if (options.json) outJson(host, { ok: isOk, ...end, ...(isOk ? {} : { errors }) });
  if (!isDone) {
    host.err(`${end.message}.\n${end.hint}.\n`);
    return end.kind === 'failed' ? exitCodes.failed : exitCodes.refused;
  }
  const alarms = end.alarms && end.kind !== 'dry-run' ? doneText(end.alarms) : '';
  if (!options.json) host.out(`${lastWords(end)}${alarms}`);
  for (const { alarm, message, hint } of problems)
    host.err(`${alarm === undefined ? 'alarms' : `alarm ${alarm}`}: ${message}.\n${hint}.\n`);
  return problems.length > 0 ? exitCodes.failed : exitCodes.fine;
}

function lastWords({ kind, hash }: Done): string {
  switch (kind) {
    case 'applied':
      return `In force: ${hash}\nBack again with: checkpilot apply --rollback\n`;
    case 'rolled-back':
      return `In force again: ${hash}\nThe other way with: checkpilot apply --rollback\n`;
    case 'unchanged':
      return `No changes: ${hash} is in force already.\n`;
    case 'dry-run':
      return 'Nothing was written.\n';
  }
}

function short(hash: string): string {
  return hash.slice(0, 12);
}
