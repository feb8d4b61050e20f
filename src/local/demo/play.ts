import type { Decision } from '../../core/decision.ts';
import type { JournalEntry } from '../../world/journal.ts';
import { deployFunctions } from '../functions.ts';
import type { SlackPost } from '../slack.ts';
import { type LocalStack, startLocalStack } from '../stack.ts';
import { faultInjector } from './faults.ts';
import { decisionsOf, judge, type Outcome } from './outcome.ts';
import { letPeopleAct, loadDemoPolicy, scenario, setTheScene } from './scenario.ts';
import { type Line, lineOfDecision, lineOfFault, lineOfJournal, lineOfPost } from './timeline.ts';

export interface Played {
  readonly outcome: Outcome;
  readonly decisions: readonly Decision[];
  /** The Slack channel as it reads at the end. */
  readonly posts: readonly SlackPost[];
  /** What the world saw, one JSON object a line. */
  readonly journal: string;
}

/** Hears the story while it happens. `flush` is called when nothing more can be said of the time so far. */
export interface Audience {
  begins(jobs: number): void;
  line(line: Line): void;
  flush(): Promise<void>;
}

/** Plays the whole demo on a local stack of its own, and judges it. `after` may use the stack before it is closed. */
export async function play(
  root: string,
  { seed, startMs }: { readonly seed: number; readonly startMs: number },
  audience: Audience,
  after: (played: Played, stack: LocalStack) => Promise<void> = async () => {},
): Promise<Played> {
  const policy = await loadDemoPolicy(root);
  const faults = faultInjector();
  const stack = await startLocalStack({
    seed,
    startMs,
    buckets: ['acme-checkpoints', 'acme-logs', 'acme-artifacts'],
    slackChannels: [scenario.channel],
    fault: faults.fault,
  });
  try {
    const { journal } = stack.world;
    const tell = (job: string, text: string) => audience.line(lineOfFault(stack.time.now(), job, text));
    setTheScene(stack.world, startMs);
    faults.watch(stack.world, tell);
    const jobs = Object.values(policy.jobs);
    for (const { name, mode, restart, checkpoints } of jobs)
      journal.write(
        'policy',
        { job: name, checkpoint: checkpoints[0] ?? '' },
        { budget: restart.budget, mode },
      );
    audience.begins(jobs.length);
    const launches = new Launches(jobs.length);
    journal.onEntry((entry) => {
      const line = launches.hide(entry) ? launches.lineWhenComplete(entry.t) : lineOfJournal(entry);
      if (line) audience.line(line);
    });
    await stack.publish(policy);
    letPeopleAct(stack, { policy, startMs }, tell);
    followFunctions(
      stack,
      jobs.map(({ name }) => name),
      audience,
    );
    await stack.time.run({ untilMs: startMs + scenario.durationMs });
    await audience.flush();
    const decisions = (await Promise.all(jobs.map(({ name }) => decisionsOf(stack.store, name)))).flat();
    const { apiCalls } = stack;
    const outcome = judge({
      policy,
      journal: journal.entries,
      decisions,
      apiCalls,
      injected: faults.count(),
    });
    const played = { outcome, decisions, posts: stack.slackPosts, journal: journal.text() };
    await after(played, stack);
    return played;
  } finally {
    await stack.close();
  }
}

/** The first runs of all jobs are one line, once they run. */
class Launches {
  readonly #jobs: number;
  readonly #launched = new Set<string>();
  #running = 0;

  constructor(jobs: number) {
    this.#jobs = jobs;
  }

  hide({ kind, cause, state, jobRunId = '' }: JournalEntry): boolean {
    if (kind === 'start-accepted' && cause === 'launch') {
      this.#launched.add(jobRunId);
      return true;
    }
    const isFirst = kind === 'run-state' && state === 'RUNNING' && this.#launched.delete(jobRunId);
    if (isFirst) this.#running += 1;
    return isFirst;
  }

  lineWhenComplete(atMs: number): Line | undefined {
    if (this.#running < this.#jobs) return undefined;
    this.#running = 0;
    return {
      atMs,
      job: '*',
      mark: 'running',
      rank: 5,
      style: 'green',
      text: `all ${this.#jobs} jobs, started by Checkpilot`,
    };
  }
}

/** After each call of a function: what it decided, and what people read because of it. */
function followFunctions(stack: LocalStack, jobs: readonly string[], audience: Audience): void {
  const host = deployFunctions(stack);
  const toldDecisions = new Set<string>();
  const toldPosts = new Map<string, number>();
  host.onInvoked = async (name) => {
    if (name === 'notify') {
      for (const post of stack.slackPosts) {
        const edits = toldPosts.get(post.ts);
        if (post.threadTs !== undefined || edits === post.edits) continue;
        toldPosts.set(post.ts, post.edits);
        audience.line(lineOfPost(stack.time.now(), post));
      }
    }
    if (name !== 'reconcile') return audience.flush();
    for (const job of jobs) {
      for (const decision of await stack.uncounted(() => decisionsOf(stack.store, job))) {
        if (toldDecisions.has(decision.id)) continue;
        toldDecisions.add(decision.id);
        const line = lineOfDecision(decision);
        if (line) audience.line(line);
      }
    }
    await audience.flush();
  };
}
