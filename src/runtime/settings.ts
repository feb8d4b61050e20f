/** The environment of the functions. Everything else is policy. */
export interface Settings {
  readonly region: string;
  /** Account of the stack, when it tells it; a policy for another account is refused then. */
  readonly account?: string;
  readonly table: string;
  readonly controlBucket: string;
  readonly wakeQueueUrl: string;
  readonly releaseQueueUrl: string;
  readonly notifyQueueUrl: string;
  /** S3 prefixes that code may be started from; none sets no limit. */
  readonly launchPrefixes?: readonly string[];
  /** Queue of the wakes that died; the sweep gives them another try. */
  readonly deadLettersUrl?: string;
  /** Name of the event bus that Checkpilot's own events go to. */
  readonly eventBus: string;
  /** The stack parameter `Act`: with `none` the roles have no right to write anything but our own state. */
  readonly act: 'none' | 'restart' | 'all';
  /** Names of the roles that send StartJobRun (reconcile, and sweep while the queue is down), when the stack tells them. */
  readonly startRoles?: readonly string[];
}

/** Reads the settings, or throws one error that names every variable that is missing or wrong. */
export function readSettings(env: Readonly<Record<string, string | undefined>>): Settings {
  const faults: string[] = [];
  const need = (name: string): string => {
    const value = env[name];
    if (value === undefined || value === '') faults.push(`${name} is not set`);
    return value ?? '';
  };
  const act = env.CHECKPILOT_ACT ?? 'none';
  if (act !== 'none' && act !== 'restart' && act !== 'all') {
    faults.push(`CHECKPILOT_ACT is "${act}", allowed are none, restart and all`);
  }
  const settings: Settings = {
    region: need('AWS_REGION'),
    ...(env.CHECKPILOT_ACCOUNT ? { account: env.CHECKPILOT_ACCOUNT } : {}),
    table: need('CHECKPILOT_TABLE'),
    controlBucket: need('CHECKPILOT_CONTROL_BUCKET'),
    wakeQueueUrl: need('CHECKPILOT_WAKE_QUEUE_URL'),
    releaseQueueUrl: need('CHECKPILOT_RELEASE_QUEUE_URL'),
    notifyQueueUrl: need('CHECKPILOT_NOTIFY_QUEUE_URL'),
    ...(env.CHECKPILOT_LAUNCH_PREFIXES ? { launchPrefixes: env.CHECKPILOT_LAUNCH_PREFIXES.split(',') } : {}),
    ...(env.CHECKPILOT_DEAD_LETTERS_URL ? { deadLettersUrl: env.CHECKPILOT_DEAD_LETTERS_URL } : {}),
    eventBus: env.CHECKPILOT_EVENT_BUS || 'default',
    act: act as Settings['act'],
    ...(env.CHECKPILOT_START_ROLES ? { startRoles: env.CHECKPILOT_START_ROLES.split(',') } : {}),
  };
  if (faults.length > 0) throw new Error(`Checkpilot cannot start: ${faults.join('; ')}.`);
  return settings;
}
