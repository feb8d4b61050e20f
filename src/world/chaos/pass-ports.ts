import type {
  Failure,
  JobStore,
  NotifyPorts,
  Policies,
  Ports,
  Receiver,
  WakeQueue,
} from '../../control/ports.ts';
import type { Pass } from './pass.ts';
import { passApplications, passRuns } from './pass-runs.ts';
import { ourRole, type Site } from './site.ts';

/** Every call takes a moment now and then, so that passes meet in each other's middle. */
const slowCallChance = 0.2;
const slowCallMsMax = 250;

/** What a pass is handed: the world, with everything that may come between two lines of the pass. */
export function passPorts(site: Site, pass: Pass): Ports & NotifyPorts {
  const hop = hopOf(site, pass);
  const receiver = passReceiver(site, hop);
  return {
    clock: {
      now: () => site.time.now() + pass.skewMs,
      sleep: (ms) => site.time.sleep(ms),
    },
    random: site.draw,
    ids: site.ids,
    log: silent,
    runs: passRuns(site, pass, hop),
    applications: passApplications(site, hop),
    store: passStore(site, pass, hop),
    wakes: passWakes(site, hop),
    checkpoints: {
      head: (location) =>
        hop(async () =>
          site.faults.strikes('checkpoint-unreadable')
            ? unavailable
            : { ok: true, value: site.checkpoints.head(location) },
        ),
      inspect: async () => ({ ok: true, value: { health: 'clean' } }),
      plannedAt: async () => ({ ok: true, value: undefined }),
      oldestRecord: async () => unavailable,
      seam: async () => ({ ok: true, value: [] }),
    },
    // No job of these schedules names a stream.
    streams: {
      received: async () => ({ ok: true, value: 0 }),
      firstInput: async () => ({ ok: true, value: undefined }),
      readAge: async () => ({ ok: true, value: undefined }),
    },
    retentions: { of: async () => unavailable, extend: async () => ({ kind: 'too-late' }) },
    logs: { read: async () => noLogs, readExecutor: async () => noLogs, search: async () => noLogs },
    policies: passPolicies(site, pass, hop),
    receivers: () => [receiver],
    // Events are best effort, and nobody here acts on them.
    events: { publish: async () => ({ ok: true, value: undefined }) },
    act: 'all',
    startRoles: [ourRole],
  };
}

/** Wraps one call: the pass may die, freeze or wait before the effect and again after it. */
export type Hop = <T>(effect: () => Promise<T>) => Promise<T>;

function hopOf({ time, faults }: Site, pass: Pass): Hop {
  const linger = async (): Promise<void> => {
    await pass.interrupt(time, faults);
    if (faults.random.next() >= slowCallChance) return;
    await time.sleep(1 + Math.floor(faults.random.next() * slowCallMsMax));
    // Another message may have ended this pass while it slept.
    if (pass.isDead) await new Promise(() => {});
  };
  return async (effect) => {
    await linger();
    const answer = await effect();
    await linger();
    return answer;
  };
}

function passStore(site: Site, pass: Pass, hop: Hop): JobStore {
  const { faults, store, time, watch } = site;
  const failing = <T>(effect: () => Promise<T>): Promise<T | Failure> =>
    hop(async () => (faults.strikes('store-unavailable') ? unavailable : effect()));
  return {
    read: (keys) =>
      failing(() => {
        if (keys.some(({ pk }) => pk === 'CONTROL#fleet')) pass.controlReadAtMs = time.now();
        return store.read(keys);
      }),
    commit: (writes) =>
      hop(async () => {
        const fault = faults.strikesOne(
          'commit-unavailable-without-effect',
          'commit-unavailable-after-effect',
        );
        if (fault === 'commit-unavailable-without-effect')
          return { kind: 'unavailable', message: 'no answer' };
        const outcome = await store.commit(writes);
        if (outcome.kind === 'committed') watch.committed(pass, writes);
        return fault === undefined ? outcome : { kind: 'unavailable', message: 'no answer' };
      }),
    list: (pk, options) => failing(() => store.list(pk, options)),
    // Asked sixteen times a sweep, and without effect: what may come between is drawn at the calls around it.
    due: (shard, options) => store.due(shard, options),
  };
}

function passWakes({ faults, functions }: Site, hop: Hop): WakeQueue {
  return {
    send: (wakes) =>
      hop(async () => {
        const isLost = faults.strikes('queue-unavailable');
        // An unclear answer may hide a message that was taken.
        if (!isLost || faults.random.chance(0.5)) {
          for (const { wake, delaySeconds } of wakes) functions.signal(wake, delaySeconds);
        }
        return isLost ? unavailable : { ok: true, value: undefined };
      }),
    release: () =>
      hop(async () => {
        if (faults.strikes('queue-unavailable')) return unavailable;
        functions.askRelease();
        return { ok: true, value: undefined };
      }),
    notify: () =>
      hop(async () => {
        if (faults.strikes('queue-unavailable')) return unavailable;
        functions.askNotify();
        return { ok: true, value: undefined };
      }),
  };
}

function passPolicies(site: Site, pass: Pass, hop: Hop): Policies {
  return {
    current: () =>
      hop(async () => {
        if (site.faults.strikes('policy-unavailable')) return unavailable;
        pass.policyReadAtMs = site.time.now();
        return { ok: true, value: site.policy };
      }),
  };
}

function passReceiver({ faults, watch }: Site, hop: Hop): Receiver {
  return {
    name: 'people',
    tell: ({ notices }) =>
      hop(async () => {
        if (faults.strikes('notice-not-delivered'))
          return { ok: false, code: 'unavailable', message: 'no answer' };
        for (const notice of notices) watch.heard(notice);
        return { ok: true };
      }),
  };
}

export const unavailable: Failure = { ok: false, code: 'unavailable', message: 'no answer' };

const silent = { info: () => {}, warn: () => {}, error: () => {} };

const noLogs = { kind: 'none', why: 'chaos is about order, not about causes' } as const;
