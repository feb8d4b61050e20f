import { holdText } from '../core/explain-hold.ts';
import { mayAct } from '../core/guard.ts';
import type { ActionName, ResolvedJob } from '../core/job.ts';
import { liveStates } from '../core/job-run.ts';
import type { JobMemory } from '../core/memory.ts';
import { type ControlItem, keys, schemaVersion } from './items.ts';
import { gatesOf, type JobState, loadJob, nextRev, openClaim, seenRev } from './load.ts';
import type { Ports, Write } from './ports.ts';
import { recordWrite } from './writes.ts';

/** What an order needs: it only writes what people want; passes do the rest. */
export type OrderPorts = Pick<Ports, 'clock' | 'ids' | 'store' | 'wakes' | 'act'>;

/** Who asks, and why: both are kept with the order and shown wherever it shows. */
export interface Person {
  readonly by: string;
  readonly reason: string;
}

export type OrderAnswer =
  /** `about`: what exactly was ordered, or what is to be known of it. */
  | { readonly kind: 'done'; readonly about?: string }
  /** Already so; nothing was written. */
  | { readonly kind: 'unchanged'; readonly why: string }
  /** Not allowed; the sentence says what would have to change. */
  | { readonly kind: 'refused'; readonly why: string }
  /** `isOpen`: the write was sent, and nobody knows whether it took effect; else nothing was ordered. */
  | { readonly kind: 'unavailable'; readonly message: string; readonly isOpen?: true };

/** An order to start that nothing could obey in this time is forgotten: people have moved on. */
const orderLifeMs = 30 * 60_000;
/** Tries against passes that write the same record. */
const triesMax = 5;

/** Holds back every command for one job until `untilMs`; decisions go on and are recorded. */
export function pauseJob(
  ports: OrderPorts,
  job: ResolvedJob,
  person: Person,
  untilMs: number,
  /** This action alone; all of them when left out. */
  only?: ActionName,
): Promise<OrderAnswer> {
  const pause = { ...person, untilMs };
  return change(ports, job, (memory) =>
    only === undefined
      ? { ...memory, pause }
      : { ...memory, pausedActions: { ...memory.pausedActions, [only]: pause } },
  );
}

export function resumeJob(ports: OrderPorts, job: ResolvedJob): Promise<OrderAnswer> {
  return change(ports, job, ({ pause, pausedActions, ...memory }) =>
    pause || pausedActions ? memory : `${job.name} is not paused`,
  );
}

/** The job should not run: its live run is cancelled with grace by the next pass, and stays down. */
export function stopJob(ports: OrderPorts, job: ResolvedJob, person: Person): Promise<OrderAnswer> {
  return change(ports, job, (memory, state) => {
    if (memory.desired === 'stopped') {
      const { stopped } = memory;
      return `${job.name} is stopped already${stopped ? `, by ${stopped.by} (“${stopped.reason}”)` : ''}`;
    }
    const held = heldBack(ports, job, state);
    if (held) return { refused: `${job.name} cannot be stopped now: ${held}` };
    const { order: _dropped, ...rest } = memory;
    return { ...rest, desired: 'stopped', stopped: { ...person, atMs: state.nowMs } };
  });
}

/**
 * The job should run, now: not charged and not judged. Refused where the guard would hold the start back anyway,
 * and for a parked job without `override`.
 */
export async function startJob(
  ports: OrderPorts,
  job: ResolvedJob,
  person: Person,
  override: boolean,
): Promise<OrderAnswer> {
  const id = ports.ids.next('ord');
  return change(ports, job, (memory, state) => {
    const held = heldBack(ports, job, state);
    if (held) return { refused: `${job.name} cannot be started now: ${held}` };
    if (memory.parked && !override) {
      return {
        refused: `${job.name} is parked (${memory.parked.reason}); say --override to start it all the same`,
      };
    }
    if (!job.launch && memory.generation === 0) {
      const why = `${job.name} has no earlier run and no launch.spec, so there is nothing to start`;
      return { refused: why };
    }
    const order = { id, ...person, override, expiresAtMs: state.nowMs + orderLifeMs };
    const { stopped: _over, ...rest } = memory;
    return { memory: { ...rest, desired: 'running', order }, ...liveText(state) };
  });
}

/** Whoever orders a start of a job that runs means something else, or does not know it. */
function liveText({ record, memory }: JobState): { readonly about?: string } {
  const { runState = '', runId } = record?.last ?? {};
  const isLive = memory.desired === 'running' && liveStates.some((state) => state === runState);
  if (!isLive || runId !== memory.run?.jobRunId) return {};
  return { about: `its run ${runId} was ${runState} at the last look: nothing is started while it lives` };
}

/** The kill switch: with it on, no command leaves Checkpilot, whatever is claimed or granted. */
export async function setKillSwitch(ports: OrderPorts, isOn: boolean, person: Person): Promise<OrderAnswer> {
  return changeControl(ports, (control) => {
    if ((control?.killSwitch ?? false) === isOn) return `the kill switch is ${isOn ? 'on' : 'off'} already`;
    return {
      ...fleetPauseOf(control),
      killSwitch: isOn,
      killSwitchBy: { ...person, atMs: ports.clock.now() },
    };
  });
}

/** Holds back every command of the fleet until `untilMs`. */
export async function pauseFleet(ports: OrderPorts, person: Person, untilMs: number): Promise<OrderAnswer> {
  return changeControl(ports, (control) => ({
    killSwitch: control?.killSwitch ?? false,
    ...(control?.killSwitchBy ? { killSwitchBy: control.killSwitchBy } : {}),
    fleetPause: { ...person, untilMs },
  }));
}

export async function resumeFleet(ports: OrderPorts): Promise<OrderAnswer> {
  return changeControl(ports, (control) => {
    if (!control?.fleetPause) return 'the fleet is not paused';
    const { killSwitch, killSwitchBy } = control;
    return { killSwitch, ...(killSwitchBy ? { killSwitchBy } : {}) };
  });
}

/** Why the guard would hold the command back; undefined when it would not. */
export function heldBack(
  ports: OrderPorts,
  job: ResolvedJob,
  state: JobState,
  action: ActionName = 'restart',
): string | undefined {
  const allowed = mayAct(
    action,
    job,
    { gates: gatesOf(ports, state), nowMs: state.nowMs },
    state.memory,
    true,
  );
  return allowed.kind === 'done' ? undefined : holdText(allowed, state.nowMs);
}

/** What an order makes of the job's memory, with what is written beside it; or why it changes nothing. */
export type Change =
  | JobMemory
  | { readonly memory: JobMemory; readonly also?: readonly Write[]; readonly about?: string }
  | string
  | { readonly refused: string };

/** One conditional write to the job's record, then a wake. A pass in between is simply read again. */
export async function change(
  ports: OrderPorts,
  job: ResolvedJob,
  next: (memory: JobMemory, state: JobState) => Change,
): Promise<OrderAnswer> {
  for (let attempt = 0; attempt < triesMax; attempt++) {
    const loaded = await loadJob(ports, job.name, job.checkpoints);
    if (!loaded.ok) return { kind: 'unavailable', message: loaded.message };
    const state = loaded.value;
    if (state.newerState)
      return {
        kind: 'refused',
        why: `${job.name} was written by a newer release of Checkpilot: use its command line`,
      };
    const changed = next(state.memory, state);
    if (typeof changed === 'string') return { kind: 'unchanged', why: changed };
    if ('refused' in changed) return { kind: 'refused', why: changed.refused };
    const { memory, also = [], about } = 'memory' in changed ? changed : { memory: changed };
    // The claim under way keeps its own wake time: that is what finds it if its pass is dead.
    const dueAtMs = openClaim(state) && state.record ? state.record.dueAtMs : state.nowMs;
    const outcome = await ports.store.commit([recordWrite(job.name, state, { memory, dueAtMs }), ...also]);
    if (outcome.kind === 'unavailable') return { ...outcome, isOpen: true };
    if (outcome.kind === 'conflict') continue;
    await ports.wakes.send([{ wake: { kind: 'job', job: job.name, cause: 'order' }, delaySeconds: 0 }]);
    return { kind: 'done', ...(about === undefined ? {} : { about }) };
  }
  return {
    kind: 'unavailable',
    message: `${job.name} was changed by others ${triesMax} times in a row; try again`,
  };
}

type ControlFields = Pick<ControlItem, 'killSwitch' | 'killSwitchBy' | 'fleetPause'>;

async function changeControl(
  ports: OrderPorts,
  next: (control: ControlItem | undefined) => ControlFields | string,
): Promise<OrderAnswer> {
  for (let attempt = 0; attempt < triesMax; attempt++) {
    const read = await ports.store.read([keys.control]);
    if (!read.ok) return { kind: 'unavailable', message: read.message };
    const [before] = read.value.items;
    const control = before?.kind === 'control' ? before : undefined;
    const fields = next(control);
    if (typeof fields === 'string') return { kind: 'unchanged', why: fields };
    const put: ControlItem = {
      ...keys.control,
      kind: 'control',
      schema: schemaVersion,
      rev: nextRev(control),
      ...fields,
    };
    const outcome = await ports.store.commit([{ put, seenRev: seenRev(control) }]);
    if (outcome.kind === 'committed') return { kind: 'done' };
    if (outcome.kind === 'unavailable') return { ...outcome, isOpen: true };
  }
  return {
    kind: 'unavailable',
    message: `the switches were changed by others ${triesMax} times in a row; try again`,
  };
}

function fleetPauseOf(control: ControlItem | undefined): Pick<ControlItem, 'fleetPause'> {
  return control?.fleetPause ? { fleetPause: control.fleetPause } : {};
}
