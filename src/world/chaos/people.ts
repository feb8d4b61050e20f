import { answerApproval, jobOfApproval } from '../../control/answers.ts';
import { as, type ControlItem, keys, schemaVersion } from '../../control/items.ts';
import { type OrderPorts, pauseJob, startJob, stopJob } from '../../control/orders.ts';
import type { WakeQueue } from '../../control/ports.ts';
import type { Mode, ResolvedJob, ResolvedPolicy } from '../../core/job.ts';
import { runTags } from '../../core/job-run.ts';
import { ServiceError, type StartJobRunRequest } from '../emr-types.ts';
import { type Deed, minuteMs } from './deeds.ts';
import type { RunFacts } from './run-ledger.ts';
import type { Site } from './site.ts';

const anaArn = 'arn:aws:iam::111122223333:user/ana';

/** Whoever orders something does not count on being heard at once. */
const noWakes: WakeQueue = {
  send: async () => ({ ok: true, value: undefined }),
  release: async () => ({ ok: true, value: undefined }),
  notify: async () => ({ ok: true, value: undefined }),
};

/** Those whom Checkpilot serves: they start and cancel runs, pull switches, change the policy, and clear up. */
export class People {
  readonly #site: Site;
  #tokens = 0;
  #policies = 0;

  constructor(site: Site, deeds: readonly Deed[]) {
    this.#site = site;
    this.#apply(site.policy.policy);
    for (const deed of deeds) site.time.at(deed.atMs, () => this.#do(deed));
    this.#lookEvery(15 * minuteMs);
  }

  /** Takes back every switch, so that everything restartable may run. */
  async lift(): Promise<void> {
    await this.#control({ killSwitch: false });
    const { policy } = this.#site.policy;
    for (const job of Object.values(policy.jobs)) this.#setMode(job.name, 'act');
  }

  #do(deed: Deed): Promise<void> | void {
    const { faults } = this.#site;
    switch (deed.kind) {
      case 'start':
        faults.count('person-starts');
        return this.#start(deed.job, deed.isClone);
      case 'cancel':
        faults.count('person-cancels');
        return this.#cancelOf(deed);
      case 'kill-switch':
        faults.count('kill-switch');
        this.#later(deed.forMs, () => this.#control({ killSwitch: false }));
        return this.#control({ killSwitch: true });
      case 'pause':
        faults.count('fleet-pause');
        return this.#control({ killSwitch: false, pauseMs: deed.forMs });
      case 'pause-job':
        faults.count('job-pause');
        return this.#pauseJob(deed);
      case 'mode':
        faults.count('policy-changed');
        this.#later(deed.forMs, () => this.#setMode(deed.job, 'act'));
        return this.#setMode(deed.job, deed.mode);
      case 'answer':
        return this.#answer(deed);
      case 'order-stop':
        return this.#orderStop(deed);
      case 'order-start':
        return this.#orderStart(deed.job, deed.override);
      case 'raise-budget':
        faults.count('policy-changed');
        return this.#change(deed.job, ({ restart, ...job }) => {
          const { perHour, perDay } = restart.budget;
          return { ...job, restart: { ...restart, budget: { perHour: perHour + 1, perDay: perDay + 3 } } };
        });
      case 'rename':
        faults.count('policy-changed');
        return this.#rename(deed);
    }
  }

  #later(ms: number, deed: () => Promise<void> | void): void {
    this.#site.time.after(ms, deed);
  }

  /** By hand, with the policy's request; a clone of a run of ours brings our tags along. */
  #start(name: string, isClone: boolean): void {
    const { world } = this.#site;
    const job = this.#jobOf(name);
    if (!job?.launch) return;
    this.#tokens += 1;
    const copied = { [runTags.job]: job.name, [runTags.claim]: 'clm_000001', [runTags.epoch]: '1' };
    const request = {
      ...structuredClone(job.launch),
      clientToken: `ana-${this.#tokens}`,
      ...(isClone ? { tags: copied } : {}),
    } as unknown as StartJobRunRequest;
    tolerant(() => world.emr.startJobRun(request, { arn: anaArn }));
  }

  #cancelOf({ job, startsAgainAfterMs }: Extract<Deed, { kind: 'cancel' }>): void {
    const location = this.#jobOf(job)?.checkpoints[0] ?? '';
    for (const run of this.#site.watch.runs.live(location)) this.#cancel(run);
    if (startsAgainAfterMs !== undefined) this.#later(startsAgainAfterMs, () => this.#start(job, false));
  }

  #cancel(run: RunFacts): void {
    const job = this.#jobOf(run.job) ?? this.#jobAt(run.checkpoint);
    if (!job) return;
    tolerant(() =>
      this.#site.world.emr.cancelJobRun(job.match.applicationId, run.jobRunId, { arn: anaArn }, 0),
    );
  }

  /** Who finds two live runs on one checkpoint stops all but the one that Checkpilot watches. */
  #lookEvery(ms: number): void {
    const { policy, store, watch } = this.#site;
    this.#later(ms, async () => {
      this.#lookEvery(ms);
      for (const { checkpoints } of Object.values(policy.policy.jobs)) {
        const [location = ''] = checkpoints;
        const live = watch.runs.live(location);
        if (live.length < 2) continue;
        const read = await store.read([keys.lock(location)]);
        const lock = read.ok ? as('lock', read.value.items[0]) : undefined;
        const kept = live.find((run) => run.jobRunId === lock?.runId) ?? live[0];
        for (const run of live) if (run !== kept) this.#cancel(run);
      }
    });
  }

  async #control({ killSwitch, pauseMs }: { killSwitch: boolean; pauseMs?: number }): Promise<void> {
    const { store, switches, time, world } = this.#site;
    const nowMs = time.now();
    const read = await store.read([keys.control]);
    const before = read.ok ? as('control', read.value.items[0]) : undefined;
    const untilMs = nowMs + (pauseMs ?? 0);
    const put: ControlItem = {
      ...keys.control,
      kind: 'control',
      schema: schemaVersion,
      rev: (before?.rev ?? 0) + 1,
      killSwitch,
      ...(pauseMs === undefined ? {} : { fleetPause: { untilMs, by: 'ana', reason: 'maintenance' } }),
    };
    await store.commit([{ put, seenRev: before?.rev ?? 'absent' }]);
    switches.kill(killSwitch ? nowMs : undefined);
    switches.pause(pauseMs === undefined ? undefined : { sinceMs: nowMs, untilMs });
    world.journal.write('control', {}, { killSwitch, pause: pauseMs === undefined ? null : untilMs });
  }

  async #pauseJob({ job: name, forMs }: Extract<Deed, { kind: 'pause-job' }>): Promise<void> {
    const { switches, time } = this.#site;
    const job = this.#jobOf(name);
    if (!job) return;
    const untilMs = time.now() + forMs;
    const answer = await pauseJob(this.#desk(), job, { by: 'ana', reason: 'maintenance' }, untilMs);
    if (answer.kind === 'done') switches.pauseJob(job.name, { sinceMs: time.now(), untilMs });
  }

  /** To exactly the plan that stands in the record, as whoever read a message does. */
  async #answer({ job: name, answer }: Extract<Deed, { kind: 'answer' }>): Promise<void> {
    const { faults, store, time, watch } = this.#site;
    const job = this.#jobOf(name);
    const read = job && (await store.read([keys.record(job.name)]));
    const asked = read?.ok ? as('record', read.value.items[0])?.memory.approval : undefined;
    const plan = asked && (await jobOfApproval({ store }, asked.hash));
    if (!job || !plan?.ok || !plan.value) return;
    const person = { by: 'ana', reason: 'looked at it' };
    const done = await answerApproval(this.#desk(), job, person, { answer, plan: plan.value });
    if (done.kind !== 'done') return;
    faults.count('plan-answered');
    watch.approvals.said(plan.value.approval, answer, time.now());
  }

  async #orderStop({ job: name, startsAgainAfterMs }: Extract<Deed, { kind: 'order-stop' }>): Promise<void> {
    const job = this.#jobOf(name);
    if (!job) return;
    const { kind } = await stopJob(this.#desk(), job, { by: 'ana', reason: 'maintenance' });
    if (kind === 'done') this.#ordered(job, 'stop');
    if (startsAgainAfterMs !== undefined)
      this.#later(startsAgainAfterMs, () => this.#orderStart(name, false));
  }

  async #orderStart(name: string, override: boolean): Promise<void> {
    const job = this.#jobOf(name);
    if (!job) return;
    const { kind } = await startJob(this.#desk(), job, { by: 'ana', reason: 'looked at it' }, override);
    if (kind === 'done') this.#ordered(job, 'start');
  }

  #ordered({ checkpoints: [location = ''] }: ResolvedJob, order: 'stop' | 'start'): void {
    const { faults, time, watch } = this.#site;
    faults.count('person-orders');
    watch.orders.said(location, order, time.now());
  }

  #desk(): OrderPorts {
    const { ids, store, time } = this.#site;
    return { clock: time, ids, store, wakes: noWakes, act: 'all' };
  }

  #setMode(name: string, mode: Mode): void {
    this.#change(name, (job) => ({ ...job, mode }));
  }

  #change(name: string, change: (job: ResolvedJob) => ResolvedJob): void {
    const job = this.#jobOf(name);
    const { policy } = this.#site.policy;
    if (job) this.#apply({ ...policy, jobs: { ...policy.jobs, [job.name]: change(job) } });
  }

  /** The same checkpoint and the same runs under another name. */
  #rename({ job: name, isSaid }: Extract<Deed, { kind: 'rename' }>): void {
    const job = this.#jobOf(name);
    if (!job || job.name !== name) return;
    const { policy } = this.#site.policy;
    const { [name]: renamed, ...others } = policy.jobs;
    if (!renamed) return;
    const next = { ...renamed, name: `${name}-v2`, ...(isSaid ? { renamedFrom: name } : {}) };
    if (isSaid) this.#site.watch.budgets.rename(name, next.name);
    // Nobody said that it is the same job, so what was ordered of the other one does not bind it.
    else this.#site.watch.orders.forget(job.checkpoints[0] ?? '');
    this.#apply({ ...policy, jobs: { ...others, [next.name]: next } });
  }

  /** The job whose runs have this name, whatever the policy calls it by now. */
  #jobOf(name: string): ResolvedJob | undefined {
    const jobs = Object.values(this.#site.policy.policy.jobs);
    return jobs.find((job) => job.name === name) ?? jobs.find((job) => job.match.jobName === name);
  }

  #jobAt(checkpoint: string): ResolvedJob | undefined {
    return Object.values(this.#site.policy.policy.jobs).find((job) => job.checkpoints[0] === checkpoint);
  }

  #apply(policy: ResolvedPolicy): void {
    const { switches, time, watch, world } = this.#site;
    const before = this.#policies === 0 ? undefined : this.#site.policy.policy;
    this.#policies += 1;
    this.#site.policy = { policy, hash: `policy-${this.#policies}` };
    switches.policy(policy, time.now());
    watch.budgets.policy(policy);
    for (const job of Object.values(policy.jobs)) {
      const { checkpoints, mode, name, restart } = job;
      if (before?.jobs[name] === job) continue;
      const { perHour, perDay } = restart.budget;
      const subject = { job: name, ...(checkpoints[0] === undefined ? {} : { checkpoint: checkpoints[0] }) };
      world.journal.write('policy', subject, { budget: { perHour, perDay }, mode });
    }
  }
}

/** A person who is told no tries something else. */
function tolerant(call: () => unknown): void {
  try {
    call();
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error;
  }
}
