import { describe, expect, it } from 'vitest';
import { type Approval, approvalStep, askAgainMs, isApproved } from '../../src/core/approval.ts';
import { planOf } from '../../src/core/plan.ts';
import {
  aGrant,
  aJob,
  aRequest,
  aRun,
  aWish,
  beside,
  checkpoint,
  ended,
  judge,
  minuteMs,
  nowMs,
  type Situation,
  seen,
  texts,
} from '../support/build.ts';

const suggesting = { job: aJob({ mode: 'suggest' }), observation: { run: ended(texts.workerLost) } };
const asked = judge(suggesting).approval?.now ?? expect.fail('nothing was asked');
const approved: Approval = { ...asked, state: 'approved', by: 'ana', reason: 'go on', answeredAtMs: nowMs };

describe('the hash of a plan', () => {
  const plan = judge(suggesting).plan ?? expect.fail('no plan');
  const hashWith = (changes: Parameters<typeof judge>[0]) => judge({ ...suggesting, ...changes }).plan?.hash;

  it('is the same for the wish, for the grant that follows it, and at any other time', () => {
    const memory = { wish: aWish({ class: 'worker-lost' }), grant: aGrant() };
    const claim = judge({ observation: { ...suggesting.observation, others: beside() }, memory });
    expect(claim.verdict.kind).toBe('claim');
    expect(claim.plan).toEqual(plan);
    expect(
      hashWith({ random: 0.9, observation: { run: ended(texts.workerLost), nowMs: nowMs + minuteMs } }),
    ).toBe(plan.hash);
  });

  it('is that of another plan when the run, the request, the sizes or the checkpoints are others', () => {
    const workers = { executor: { cores: 4, memory: '27g', disk: '20g' } };
    const specJob = (entry: string) =>
      aJob({
        mode: 'suggest',
        restart: { launchFrom: 'spec' },
        launch: { ...aRequest(), jobDriver: { sparkSubmit: { entryPoint: entry } } },
      });
    const hashes = [
      plan.hash,
      hashWith({ observation: { run: ended(texts.workerLost, { jobRunId: 'run-2' }) } }),
      hashWith({ memory: { generation: 2 } }),
      hashWith({ memory: { workers } }),
      hashWith({ job: aJob({ mode: 'suggest', name: 'clicks' }) }),
      hashWith({ job: aJob({ mode: 'suggest', checkpoints: ['s3://acme-checkpoints/other'] }) }),
      hashWith({ job: specJob('s3://code/1.py') }),
      hashWith({ job: specJob('s3://code/2.py') }),
    ];
    expect(new Set(hashes).size).toBe(hashes.length);
  });

  it('does not hang on the order in which a table gives keys back', () => {
    const verdict = judge(suggesting).verdict;
    if (verdict.kind !== 'start') expect.fail('no start');
    const { wish } = verdict;
    const withSizes = (executor: object) =>
      planOf(
        { ...verdict, wish: { ...wish, plan: { ...wish.plan, leastWorkers: { executor } as never } } },
        aJob(),
      )?.hash;
    expect(withSizes({ cores: 4, memory: '27g', disk: '20g' })).toBe(
      withSizes({ disk: '20g', memory: '27g', cores: 4 }),
    );
  });
});

describe('a question whose evidence cannot be read any more', () => {
  const unknown = { kind: 'unknown', why: 'throttled' } as const;
  const inFlight = { plannedAtMs: nowMs - 20 * minuteMs, committedAtMs: nowMs - 21 * minuteMs };
  const still: Situation = {
    job: aJob({ mode: 'suggest' }),
    observation: {
      checkpoints: {
        [checkpoint]: { kind: 'seen', committedBatch: 120, plannedBatch: 121, times: inFlight },
      },
    },
  };
  const cancel = judge(still).approval?.now ?? expect.fail('nothing was asked');
  const blind = (approval: Approval, changes: Situation['observation'] = {}) =>
    judge({
      ...still,
      observation: { checkpoints: { [checkpoint]: unknown }, ...changes },
      memory: { approval },
    });

  it('stays, although a run looks healthy whose checkpoint does not tell', () => {
    expect(cancel.text).toBe('cancel run run-1 of orders');
    const decision = blind(cancel);
    expect(decision.reason).toBe('run-healthy');
    expect(decision.approval).toEqual({ now: cancel, notices: [] });
    const declined: Approval = { ...cancel, state: 'declined' };
    expect(blind(declined).approval).toEqual({ now: declined, notices: [] });
  });

  it('is over when another run is seen, or after hours', () => {
    const closed = { closed: { state: 'not-needed' } };
    expect(blind(cancel, { run: seen(aRun({ jobRunId: 'run-2' })) }).approval).toMatchObject(closed);
    const old = { ...cancel, askedAtMs: nowMs - askAgainMs };
    expect(blind(old).approval).toMatchObject(closed);
  });

  it('is not changed by a log that was read and is throttled now', () => {
    const run = ended('Job failed, please check complete logs in configured logging destination.');
    const logs = (text: string) =>
      ({ kind: 'read', logs: [{ source: 'SPARK_DRIVER/stderr.gz', text, linesBefore: 0 }] }) as const;
    const outOfMemory = { run, logs: logs(texts.outOfMemory) };
    const first = judge({ job: aJob({ mode: 'suggest' }), observation: outOfMemory });
    const question = first.approval?.now ?? expect.fail('nothing was asked');
    expect(question.text).toContain('executor memory');
    const yes: Approval = { ...question, state: 'approved', answeredAtMs: nowMs };
    const look = (observation: Situation['observation'], approval: Approval = yes) =>
      judge({ job: aJob({ mode: 'suggest' }), observation: observation ?? {}, memory: { approval } });
    const throttled = look({ run, logs: unknown });
    expect(throttled.plan?.hash).not.toBe(question.hash);
    expect(throttled.guard.kind).toBe('suggested');
    expect(throttled.approval).toEqual({ now: yes, notices: [] });
    expect(look(outOfMemory).guard.kind).toBe('done');
    // Neither is one whose executor's log is not among what was read.
    const part = { ...logs(texts.workerLost), unread: 'throttled' };
    expect(look({ run, logs: part }).approval?.now).toEqual(yes);
    // What was never read cannot be missed: then another plan is another plan.
    const asBefore = { ...question, unread: ['logs'] };
    expect(look({ run, logs: unknown }, asBefore).approval?.closed).toMatchObject({ state: 'void' });
  });
});

describe('a question', () => {
  const next = (memory: Approval, situation: Parameters<typeof judge>[0] = {}) =>
    judge({ ...suggesting, ...situation, memory: { approval: memory, ...situation?.memory } });

  it('is asked once, in words and with the command that answers it', () => {
    const { guard, approval } = judge(suggesting);
    expect(guard).toEqual({ kind: 'suggested', why: 'awaits-approval' });
    expect(approval?.notices).toMatchObject([
      {
        event: 'approval.requested',
        severity: 'warning',
        thread: 'approval-dec_1',
        text: expect.stringMatching(
          /Checkpilot would start orders with the request of generation 1, and asks first: checkpilot approve \w{11} --reason "…" within 30 min\.$/,
        ),
      },
    ]);
    expect(next(asked).approval).toEqual({ now: asked, notices: [] });
  });

  it('lets its plan through once it was approved, and no other, and not too late', () => {
    expect(next(approved).guard).toEqual({ kind: 'done' });
    expect(next({ ...approved, hash: 'another0000' }).guard.kind).toBe('suggested');
    expect(next({ ...approved, expiresAtMs: nowMs }).guard.kind).toBe('suggested');
    expect(next({ ...approved, state: 'declined' }).guard.kind).toBe('suggested');
    expect(isApproved(approved, undefined, nowMs)).toBe(false);
  });

  it('is asked anew when what was approved has changed, and says both', () => {
    const { approval } = next({ ...approved, hash: 'another0000' });
    expect(approval?.closed).toMatchObject({ state: 'void', replacedBy: asked.hash });
    expect(approval?.now).toEqual(asked);
    expect(approval?.notices.map(({ event, text }) => [event, text])).toMatchObject([
      [
        'approval.closed',
        expect.stringMatching(/^ana approved it; the plan has changed since: now it is to start orders/),
      ],
      ['approval.requested', expect.anything()],
    ]);
  });

  it('lapses when nobody answers, once, and comes back hours later', () => {
    const late = { ...asked, expiresAtMs: nowMs };
    const lapsed = next(late).approval;
    expect(lapsed).toMatchObject({ now: { state: 'expired' }, notices: [{ event: 'approval.closed' }] });
    if (!lapsed?.now) expect.fail();
    expect(next(lapsed.now).approval?.notices).toEqual([]);
    const old = { ...lapsed.now, askedAtMs: nowMs - askAgainMs };
    expect(next(old).approval).toMatchObject({
      now: { state: 'open' },
      notices: [{ event: 'approval.requested' }],
    });
  });

  it('is not repeated after a no, and is over without a word when the plan changes then', () => {
    const declined: Approval = { ...approved, state: 'declined' };
    expect(next({ ...declined, askedAtMs: nowMs - 2 * askAgainMs }).approval?.notices).toEqual([]);
    const changed = next({ ...declined, hash: 'another0000' }).approval;
    expect(changed?.notices.map(({ event }) => event)).toEqual(['approval.requested']);
  });

  it('stays while nothing can be known, and is over when nothing is wanted any more', () => {
    const unknown = { observation: { run: { kind: 'unknown', why: 'throttled' } as const } };
    expect(next(asked, unknown).approval).toEqual({ now: asked, notices: [] });
    const healthy = next(asked, { observation: {} });
    expect(healthy.approval).toMatchObject({
      closed: { state: 'not-needed', why: 'The run is live' },
      notices: [{ event: 'approval.closed', text: 'The run is live.' }],
    });
    expect(healthy.approval?.now).toBeUndefined();
  });

  it('is over when the mode has become act, and stays under a pause', () => {
    const acting = next(asked, { job: aJob() });
    expect(acting.guard.kind).toBe('done');
    expect(acting.approval?.closed).toMatchObject({ state: 'not-needed' });
    const pause = { untilMs: nowMs + minuteMs, by: 'bo', reason: 'drill' };
    expect(next(approved, { memory: { pause } }).approval).toEqual({ now: approved, notices: [] });
  });

  it('is over for good when the mode has become observe, unless somebody said no', () => {
    const watching = { job: aJob({ mode: 'observe' }) };
    expect(next(asked, watching).approval).toMatchObject({
      closed: { state: 'not-needed' },
      notices: [{ event: 'approval.closed', text: 'the mode is observe now.' }],
    });
    const declined: Approval = { ...approved, state: 'declined' };
    expect(next(declined, watching).approval).toEqual({ now: declined, notices: [] });
  });

  it('lapses under a pause in which nobody could answer it, and is asked as soon as that ends', () => {
    const pause = { untilMs: nowMs + minuteMs, by: 'bo', reason: 'drill' };
    const { approval } = next({ ...asked, expiresAtMs: nowMs }, { memory: { pause } });
    expect(approval?.now).toBeUndefined();
    expect(approval?.notices).toMatchObject([
      {
        event: 'approval.closed',
        text: 'the job is paused, so nobody could answer in time; it is asked again when that ends.',
      },
    ]);
    expect(judge(suggesting).approval?.notices).toMatchObject([{ event: 'approval.requested' }]);
  });

  it('is over when a person orders the start, and says so', () => {
    const order = { id: 'ord_1', by: 'ana', reason: 'now', override: false, expiresAtMs: nowMs + 1 };
    expect(next(asked, { memory: { order } }).approval).toMatchObject({
      closed: { state: 'not-needed' },
      notices: [{ text: 'a person ordered it.' }],
    });
  });

  it('has no step where nothing is wanted and nothing was asked', () => {
    expect(judge().approval).toBeUndefined();
    const { verdict, guard } = judge();
    const pass = { job: 'orders', decisionId: 'd', nowMs, verdict, plan: undefined, guard, expireAfterMs: 1 };
    expect(approvalStep(pass, undefined)).toEqual({ notices: [] });
  });
});
