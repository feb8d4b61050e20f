import { describe, expect, it } from 'vitest';
import type { Notice } from '../../src/control/ports.ts';
import type { Decision } from '../../src/core/decision.ts';
import { blockFault } from '../../src/local/slack-limits.ts';
import { type Block, incidentMessage, type Subject, stepLine } from '../../src/slack/incident-message.ts';
import {
  aJob,
  checkpoint,
  ended,
  hourMs,
  inState,
  judge,
  minuteMs,
  nowMs,
  type Situation,
  secondMs,
  texts,
} from '../support/build.ts';
import { notice } from './support.ts';

const where = { policy: 'demo', region: 'us-east-1' };
const job = aJob({ restart: { classes: { 'memory-exhausted': { streak: 2 } } } });

/** What the core tells of a situation, as Slack shows it; times as `[time]`. */
function shown(situation: Situation, more: Partial<Notice> = {}, subject: Partial<Subject> = {}) {
  const decision = judge({ job, ...situation });
  const draft = decision.verdict.notice ?? expect.fail(`${decision.reason} tells nothing`);
  const one = { ...notice(draft.event), ...draft, ...more };
  const message = incidentMessage({ notice: one, decision, job, where, ...subject });
  expect(blockFault(message.blocks as unknown as Record<string, unknown>[])).toBeUndefined();
  return { text: message.text, blocks: readable(message.blocks) };
}

/** The parts of a message by their titles. */
function readable(blocks: readonly Block[]): Record<string, string> {
  const parts: [string, string][] = blocks.flatMap((block): [string, string][] => {
    if (block.type === 'header') return [['header', block.text.text]];
    if (block.type === 'context') return [['context', block.elements.map(({ text }) => text).join('\n')]];
    if (block.text) {
      const isTried = block.text.text.startsWith('*What was tried*');
      return [isTried ? titled(block.text.text) : ['body', block.text.text]];
    }
    return (block.fields ?? []).map(({ text }) => titled(text));
  });
  return Object.fromEntries(
    parts.map(([name, text]) => [name, text.replace(/<!date[^>]*\|([^>]+)>/g, '[$1]')]),
  );
}

function titled(text: string): [string, string] {
  const [, title = '', rest = ''] = /^\*(.+?)\*\n(.*)$/s.exec(text) ?? [];
  return [title, rest];
}

const committed = (agoMs: number) =>
  ({
    kind: 'seen',
    committedBatch: 120,
    plannedBatch: 121,
    times: { committedAtMs: nowMs - agoMs },
  }) as const;

const died = (text: string) => ({
  run: ended(text, { attempt: 3 }),
  checkpoints: { [checkpoint]: committed(48 * secondMs) },
});

describe('a message about a failure that Checkpilot answers', () => {
  it('has the cause, the next step and its time, both budgets, the streak, the checkpoint and why', () => {
    const { blocks, text } = shown({ observation: { ...died(texts.outOfMemory), budget: { usedDay: 2 } } });
    expect(text).toMatch(
      /^Recovering: orders: A worker ran out of memory: "ExecutorLostFailure.*"\. Restart from batch 120 in \d+ s, with executor memory 14g → \S+\.$/,
    );
    expect(blocks).toEqual({
      body: expect.stringMatching(
        /^\*:large_orange_circle: Recovering – orders\* {2}· {2}demo \/ us-east-1\nA worker ran out of memory\. Restart from batch 120 in \d+ s, with executor memory 14g → \S+\.$/,
      ),
      'Next step': expect.stringMatching(
        /^Restart from the checkpoint with executor memory 14g → \S+, \[2026-11-22 20:00:\d\d UTC\]$/,
      ),
      Failure: `\`memory-exhausted\` ← \`${texts.outOfMemory}\``,
      Restarts:
        "0 of 3 in the last hour, 2 of 12 in 24 h\nin a row without a new batch: 0 of 2\nEMR's own attempts: up to 3 an hour in each run, the last one made 3",
      Checkpoint: 'batch 120 committed, 38 s before the run ended',
      context: expect.stringMatching(
        /^Why: The run failed with a cause that a restart from the checkpoint can cure\. · rule `[a-z0-9-]+` · policy `restart\.classes\.memory-exhausted`\n`checkpilot explain orders` · `dec_1`$/,
      ),
    });
  });

  it('says what holds the restart back, until when, and what it would be', () => {
    const untilMs = nowMs + 2 * hourMs;
    const pause = { untilMs, by: 'ana', reason: 'sale' };
    const { blocks } = shown({ observation: died(texts.outOfMemory), memory: { pause } });
    expect(blocks['Next step']).toMatch(
      /^Held back: the job is paused \(ends in 2 h\)\. It would start orders with the request of generation 1.*, \[2026-11-22 22:00:00 UTC\]$/,
    );
  });
});

describe('a call for a person', () => {
  const tried = [
    { atMs: nowMs - 40 * minuteMs, fromBatch: 100, change: 'with executor memory 14g → 21.8g' },
    { atMs: nowMs - 20 * minuteMs, fromBatch: 109, change: 'with executor memory 21.8g → 32g' },
    { atMs: nowMs - 5 * minuteMs, fromBatch: 120 },
  ];
  const history = { openedAtMs: nowMs - hourMs, tried };

  it('for a budget that is used up has the time of the next automatic restart, and what was tried', () => {
    const freesAtMs = nowMs + 23 * minuteMs;
    const budget = { room: false, window: 'hour', usedHour: 3, usedDay: 5, freesAtMs } as const;
    const { blocks, text } = shown({ observation: { ...died(texts.transient), budget } }, { history });
    expect(text).toBe(
      'ACTION NEEDED: orders is down: 3 of 3 restarts in the last hour and 5 of 12 in 24 h are used. The next automatic one is possible in 23 min, at 2026-11-22 20:23:00 UTC.',
    );
    expect(blocks.header).toBe('Needs a human: orders is down');
    expect(blocks['Next step']).toBe(
      'Next automatic restart, when the budget frees, [2026-11-22 20:23:00 UTC]',
    );
    expect(blocks['What was tried']?.split('\n')).toEqual([
      '1. [19:20:00 UTC] started after batch 100, with executor memory 14g → 21.8g → 9 batches committed',
      '2. [19:40:00 UTC] started after batch 109, with executor memory 21.8g → 32g → 11 batches committed',
      '3. [19:55:00 UTC] started after batch 120 → no batch committed',
    ]);
    expect(blocks['What helps']).toContain('raise restart.budget in the policy');
  });

  it('for a streak has the restarts, the batch it stands at, and no time, because time does not free it', () => {
    const progress = { [checkpoint]: { committedAtStart: 120, streak: 3 } };
    const { blocks, text } = shown({ observation: died(texts.transient), memory: { progress } });
    expect(text).toMatch(
      /^ACTION NEEDED: orders is down and needs a person: 3 restarts in a row committed no batch\./,
    );
    expect(text).toContain('It stands at batch 120. It is not started again by itself.');
    // The header says that it is down, the last line which command tells more: the body says neither again.
    expect(blocks.header).toBe('Needs a human: orders is down');
    expect(blocks.body).toMatch(/^:red_circle: demo \/ us-east-1\n3 restarts in a row committed no batch\./);
    expect(blocks.body).not.toContain('checkpilot explain');
    expect(blocks.context).toContain('`checkpilot explain orders`');
    expect(blocks['Next step']).toBe('None by itself, however long it waits: a person has to start it');
    expect(blocks.Restarts).toContain('in a row without a new batch: 3 of 3');
    expect(blocks['What was tried']).toBeUndefined();
  });

  it('for a stall has the newest commit and its age, and does not say that the job is down', () => {
    const stall = { afterMs: 15 * minuteMs, action: 'page' } as const;
    const times = { plannedAtMs: nowMs - 16 * minuteMs, committedAtMs: nowMs - 17 * minuteMs };
    const observation = {
      run: inState('RUNNING'),
      checkpoints: { [checkpoint]: { ...committed(0), times } },
    };
    const { blocks, text } = shown({ job: aJob({ stall }), observation });
    expect(text).toContain('is RUNNING and stands still: batch 121 is under way for 16 min');
    expect(blocks.header).toBe('Needs a human: orders');
    expect(blocks.Checkpoint).toBe('batch 120 committed, 17 min ago');
    expect(blocks['Next step']).toBe('None by itself: the run goes on, and is watched');
  });
});

describe('a message about data at risk', () => {
  it('has the age of the oldest unread record, the retention, the share, and the time of loss', () => {
    const clock: NonNullable<Decision['clock']> = {
      kind: 'running',
      level: 'warning',
      lossAtMs: nowMs + 10.8 * hourMs,
      sinceMs: nowMs - 13.2 * hourMs,
      bound: 'about',
      how: 'batch 7',
      retentionMs: 24 * hourMs,
      recoveryMs: 0,
    };
    const text = 'orders: records are lost soon.';
    const one = notice('incident.updated', { reason: 'retention-running-out', text });
    const decision = { ...judge({ observation: died(texts.badCode) }), clock };
    const parts = readable(incidentMessage({ notice: one, decision, job, where }).blocks);
    expect(parts.Lag).toBe('oldest unread record about 13 h 12 min old');
    expect(parts['Data-loss clock']).toBe(
      'source keeps 24 h, about 55 % used\nloss from [2026-11-23 06:48:00 UTC]',
    );
    // The sentence says what is planned about the stream; what is planned about the run is another matter.
    expect(parts['Next step']).toBeUndefined();
  });
});

describe('a message about a recovery', () => {
  const startedAtMs = nowMs - 21 * minuteMs;
  const incident = {
    id: 'inc_1',
    openedAtMs: startedAtMs - 192 * secondMs,
    class: 'memory-exhausted',
    needsHuman: false,
    toldReason: 'job-run-failed',
    restarts: 1,
  } as const;

  it('says for how long it was down, where it went on, the budgets left, and from when to when', () => {
    const { blocks, text } = shown(
      {
        observation: { run: inState('RUNNING', { startedAtMs }), budget: { usedHour: 1, usedDay: 3 } },
        memory: { incident, audits: { [checkpoint]: { generation: 1, isUnbroken: true } } },
      },
      { atMs: nowMs, history: { openedAtMs: incident.openedAtMs, tried: [] } },
      { steps: 5 },
    );
    expect(text).toBe(
      'Recovered: orders: healthy again for 21 min at batch 120, after one restart (memory-exhausted). It was down for 4 min. Its first batch began where the last one had ended.',
    );
    expect(blocks).toMatchObject({
      'Was down with': '`memory-exhausted`',
      Restarts: expect.stringMatching(/^1 of 3 in the last hour, 3 of 12 in 24 h\n/),
      context: expect.stringMatching(
        /^Opened \[2026-11-22 19:35:48 UTC\] · closed \[2026-11-22 20:00:00 UTC\] · 5 steps in the thread\n`checkpilot explain orders`/,
      ),
    });
  });

  it('claims no unbroken reading that nobody has seen, nor a time down of a job that ran', () => {
    const ran = { ...incident, openedAtMs: nowMs - minuteMs, restarts: 0 };
    const { text } = shown({ observation: { run: inState('RUNNING') }, memory: { incident: ran } });
    expect(text).toBe('Recovered: orders: healthy again for 119 min at batch 120.');
  });
});

describe('a step in the thread', () => {
  const lineOf = (text: string) => stepLine(notice('incident.updated', { text })).replace(/^<[^>]*> /, '');

  it('is the sentence without the name of the job, which the thread is about', () => {
    expect(lineOf('orders: it failed. Restart from batch 7 now.')).toBe(
      'it failed. Restart from batch 7 now.',
    );
  });

  it('leaves the command to the message above it', () => {
    const told =
      'orders is down and needs a person. It was run 00r1 of application 00a1; checkpilot explain orders says more.';
    expect(lineOf(told)).toBe('orders is down and needs a person. It was run 00r1 of application 00a1.');
  });

  it('shortens the quote of the evidence, at the end of a word, and keeps what follows from it', () => {
    const evidence = 'WorkerLost alpha beta gamma '.repeat(20).trim();
    const line = lineOf(`orders: A worker was lost: "${evidence}". Restart from batch 164 now, with memory.`);
    expect(line).toMatch(
      /^A worker was lost: "WorkerLost .* (?:WorkerLost|alpha|beta|gamma)…"\. Restart from batch 164 now, with memory\.$/,
    );
    expect(line.length).toBeLessThanOrEqual(320);
  });

  it('that is too long without a quote is cut between words', () => {
    const line = lineOf(`orders: ${'alpha beta gamma '.repeat(60)}`);
    expect(line).toMatch(/ (?:alpha|beta|gamma)…$/);
    expect(line.length).toBeLessThanOrEqual(320);
  });
});
