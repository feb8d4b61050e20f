import type { Item, RecordItem } from '../../control/items.ts';
import type { JobStore, Ports, Write } from '../../control/ports.ts';
import type { JobRun } from '../../core/job-run.ts';
import type { Grant } from '../../core/memory.ts';
import { locksIn } from './one-writer.ts';
import type { Site } from './site.ts';

/**
 * A bug planted between the control code and its ports, so that the code itself carries none. It changes what a
 * pass reads or sends in the way in which the code would if somebody had got it wrong.
 */
export type Plant = (ports: Ports, site: Site) => Ports;

/** What is remembered of one schedule; a plant is made anew for each. */
type MakePlant = () => Plant;

/** Each breaks one rule of the start protocol; the number in brackets is the step that it breaks. */
export const plants: Readonly<Record<string, MakePlant>> = {
  /** A token for each try instead of each claim (5). */
  'token-per-try': () => {
    let tries = 0;
    return (ports) => ({
      ...ports,
      runs: {
        ...ports.runs,
        start: (request, terms) => {
          tries += 1;
          return ports.runs.start(request, {
            ...terms,
            clientToken: `${terms.clientToken.slice(0, 56)}${tries}`,
          });
        },
      },
    });
  },
  /** The lock is free again as soon as its claim is made (7). */
  'lock-freed-early': () => (ports) => ({
    ...ports,
    store: {
      ...ports.store,
      commit: async (writes) => {
        const outcome = await ports.store.commit(writes);
        const claimed = locksIn(writes).filter((lock) => lock.claim?.kind === 'start');
        if (outcome.kind === 'committed' && claimed.length > 0) {
          await ports.store.commit(
            claimed.map(({ claim: _freed, ...lock }) => ({
              put: { ...lock, rev: lock.rev + 1 },
              seenRev: lock.rev,
            })),
          );
        }
        return outcome;
      },
    },
  }),
  /** A run that cannot be read counts as ended (4). */
  'unknown-read-as-down': () => {
    const last = new Map<string, JobRun>();
    return (ports) => ({
      ...ports,
      runs: {
        ...ports.runs,
        get: async (applicationId, jobRunId) => {
          const answer = await ports.runs.get(applicationId, jobRunId);
          if (answer.ok) last.set(jobRunId, answer.value);
          const known = last.get(jobRunId);
          return answer.ok || !known ? answer : { ok: true, value: { ...known, state: 'FAILED' } };
        },
      },
    });
  },
  /** One charge more than the budget (rings). */
  'ring-off-by-one': () => (ports) =>
    readingItems(ports, (item) => {
      if (item.kind !== 'ring') return item;
      return { ...item, ring: { ...item.ring, charges: item.ring.charges.slice(1) } };
    }),
  /** A restart is charged to its job and not to the class of the failure that it answers (rings). */
  'class-not-charged': () => (ports) =>
    readingItems(ports, (item) => {
      if (item.kind !== 'ring') return item;
      const { classes: _forgotten, open, ...ring } = item.ring;
      return { ...item, ring: { ...ring, open: open.map(({ class: _of, ...one }) => one) } };
    }),
  /** The ring of an owner is read as empty (rings of scopes). */
  'owner-not-charged': () => (ports) =>
    readingItems(ports, (item) =>
      item.kind === 'scope-ring' && item.pk.startsWith('RING#owner/')
        ? { ...item, ring: { ...item.ring, buckets: [] } }
        : item,
    ),
  /** Rows of the outbox vanish before anybody has read them (outbox). */
  'notice-dropped': () => (ports) => ({
    ...ports,
    store: {
      ...ports.store,
      commit: (writes) =>
        ports.store.commit(writes.filter((write) => !('put' in write) || write.put.kind !== 'outbox')),
    },
  }),
  /** Each notice is written a second time, under another id (outbox). */
  'notice-doubled': () => (ports) => ({
    ...ports,
    store: {
      ...ports.store,
      commit: (writes) => ports.store.commit([...writes, ...writes.flatMap(underAnotherId)]),
    },
  }),
  /** That a person stopped the job is not read (orders). */
  'stop-forgotten': () => (ports) =>
    readingItems(ports, (item) =>
      item.kind === 'record' ? { ...item, memory: { ...item.memory, desired: 'running' } } : item,
    ),
  /** An open claim that is older than a few seconds is not seen, so nobody settles it (2 and 8). */
  'resume-skipped':
    () =>
    (ports, { time }) =>
      readingItems(ports, (item) => {
        if (item.kind !== 'lock' || item.claim === undefined || time.now() - item.claim.decidedAtMs < 10_000)
          return item;
        const { claim: _unseen, ...lock } = item;
        return lock;
      }),
  /** A used grant serves the next wish of its job as well (5). */
  'grant-used-twice': () => {
    const used = new Map<string, Grant>();
    return (ports, { time }) =>
      readingItems(ports, (item) => {
        if (item.kind !== 'record') return item;
        const { grant, wish } = item.memory;
        if (grant?.state === 'used') used.set(item.job, grant);
        const kept = used.get(item.job);
        if (!wish || !kept || grant) return item;
        const again: Grant = { ...kept, wishId: wish.id, state: 'unused', expiresAtMs: time.now() + 60_000 };
        return { ...item, memory: { ...item.memory, grant: again } } satisfies RecordItem;
      });
  },
  /** The deadline is checked before the claim only, not at each signature (6). */
  'deadline-unchecked': () => (ports) => ({
    ...ports,
    runs: {
      ...ports.runs,
      start: (request, terms) => ports.runs.start(request, { ...terms, notAfterMs: Number.MAX_SAFE_INTEGER }),
    },
  }),
  /** A claim is looked at, and closed as never started, before its signature has run out (8b and 8c). */
  'closed-too-early':
    () =>
    (ports, { time }) => ({
      ...ports,
      runs: {
        ...ports.runs,
        list: async (applicationId, filter) => {
          const page = await ports.runs.list(applicationId, filter);
          const isVerifying = filter.createdAtAfterMs !== undefined && filter.states === undefined;
          if (!page.ok || !isVerifying) return page;
          return { ok: true, value: { ...page.value, dateMs: page.value.dateMs + 18 * 60_000 } };
        },
      },
      store: {
        ...ports.store,
        commit: (writes) => ports.store.commit(writes.map((write) => lookedAtSoon(write, time.now()))),
      },
    }),
  /** Nobody looks for other live runs before a start (4). */
  'others-not-looked-for': () => (ports) => ({
    ...ports,
    runs: {
      ...ports.runs,
      list: async (applicationId, filter) => {
        const page = await ports.runs.list(applicationId, filter);
        return page.ok && filter.states !== undefined
          ? { ok: true, value: { ...page.value, runs: [] } }
          : page;
      },
    },
  }),
  /** The claim names no revision of the lock (11). */
  'claim-unconditional': () => (ports) => ({
    ...ports,
    store: {
      ...ports.store,
      commit: (writes) =>
        ports.store.commit(
          writes.map((write) =>
            'put' in write && write.put.kind === 'lock' ? { ...write, seenRev: 'any' } : write,
          ),
        ),
    },
  }),
  /** A plan that nobody has answered counts as approved (guard). */
  'asking-is-enough': () => (ports) =>
    readingItems(ports, (item) => {
      if (item.kind !== 'record' || item.memory.approval?.state !== 'open') return item;
      return {
        ...item,
        memory: { ...item.memory, approval: { ...item.memory.approval, state: 'approved' } },
      };
    }),
  /** Windows of the policy are not looked at (guard). */
  'windows-ignored': () => (ports) => ({
    ...ports,
    policies: {
      current: async () => {
        const answer = await ports.policies.current();
        if (!answer.ok) return answer;
        const { jobs, ...policy } = answer.value.policy;
        const open = Object.entries(jobs).map(([name, job]) => [name, { ...job, windows: [] }]);
        return {
          ok: true,
          value: { ...answer.value, policy: { ...policy, jobs: Object.fromEntries(open) } },
        };
      },
    },
  }),
  /** A pause of a job is not looked at (guard). */
  'job-pause-ignored': () => (ports) =>
    readingItems(ports, (item) => {
      if (item.kind !== 'record') return item;
      const { pause: _ignored, ...memory } = item.memory;
      return { ...item, memory };
    }),
  /** The kill switch is read too rarely: never (6). */
  'kill-switch-ignored': () => (ports) =>
    readingItems(ports, (item) => (item.kind === 'control' ? { ...item, killSwitch: false } : item)),
};

/** A job with an open claim is due in a few seconds, whatever was asked for. */
function lookedAtSoon(write: Write, nowMs: number): Write {
  if (!('put' in write) || write.put.kind !== 'record' || !write.put.claimLocks) return write;
  return { ...write, put: { ...write.put, dueAtMs: Math.min(write.put.dueAtMs, nowMs + 5_000) } };
}

function underAnotherId(write: Write): readonly Write[] {
  if (!('put' in write) || write.put.kind !== 'outbox') return [];
  const { put } = write;
  const notice = { ...put.notice, id: `${put.notice.id}-again` };
  return [{ ...write, put: { ...put, sk: `${put.sk}-again`, notice } }];
}

function readingItems(ports: Ports, change: (item: Item) => Item): Ports {
  const store: JobStore = {
    ...ports.store,
    read: async (keys) => {
      const answer = await ports.store.read(keys);
      if (!answer.ok) return answer;
      const items = answer.value.items.map((item) => item && change(item));
      return { ok: true, value: { ...answer.value, items } };
    },
  };
  return { ...ports, store };
}
