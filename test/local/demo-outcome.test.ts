import { describe, expect, it } from 'vitest';
import { type Evidence, judge } from '../../src/local/demo/outcome.ts';
import { play } from '../../src/local/demo/play.ts';
import { loadDemoPolicy, usualStartMs } from '../../src/local/demo/scenario.ts';
import { channelView } from '../../src/local/demo/slack-view.ts';
import type { JournalEntry } from '../../src/world/journal.ts';

const root = new URL('../..', import.meta.url).pathname;
const nobody = { begins: () => {}, line: () => {}, flush: async () => {} };

/** One run of the demo, and a way to judge it again after something in it was changed. */
async function played() {
  const { outcome, decisions, journal, posts } = await play(root, { seed: 5, startMs: usualStartMs }, nobody);
  const entries = journal
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as JournalEntry);
  const { doubledEvents = 0, lostEvents = 0, lostAnswers = 0, throttledCalls = 0 } = outcome.faults;
  const evidence: Evidence = {
    policy: await loadDemoPolicy(root),
    journal: entries,
    decisions,
    apiCalls: outcome.apiCalls,
    injected: { doubledEvents, lostEvents, lostAnswers, throttledCalls },
  };
  return { outcome, evidence, posts };
}

describe('the demo', { timeout: 300_000 }, () => {
  it('ends as it should, and notices when anything of it did not happen', async () => {
    const { outcome, evidence, posts } = await played();
    expect(outcome.missing).toEqual([]);
    const { journal, injected } = evidence;
    const without = (gone: (entry: JournalEntry) => boolean) =>
      judge({ ...evidence, journal: journal.filter((entry) => !gone(entry)) }).missing;
    const about = (job: string, kind: string) => (entry: JournalEntry) =>
      entry.job === job && entry.kind === kind;

    expect(without((entry) => entry.kind === 'start-replayed')).toEqual([
      'no start was sent again after a lost answer',
    ]);
    expect(
      without((entry) => about('sessions', 'start-accepted')(entry) && entry.cause === 'restart'),
    ).toEqual([
      'sessions should be recovered and is down',
      'sessions was not restarted just once after the throttle',
    ]);
    expect(without(about('ads-agg', 'attempt-failed'))).toEqual(['ads-agg lost no worker']);
    expect(without(about('iot-ingest', 'notice'))).toEqual([
      'nobody was called for iot-ingest, or more than once',
    ]);
    expect(without(about('ledger', 'notice'))).toEqual(['the stop of ledger was not told just once']);
    expect(without(about('fraud-score', 'notice'))).toEqual([
      'taking over fraud-score was not told just once',
    ]);
    const isRecovery = (entry: JournalEntry) =>
      about('orders-join', 'notice')(entry) && entry.event === 'incident.recovered';
    expect(without(isRecovery)).toEqual(['the message about orders-join was not edited to its recovery']);
    const post = journal.find((entry) => about('orders-join', 'notice')(entry) && entry.newPost === true);
    expect(judge({ ...evidence, journal: [...journal, post ?? expect.fail('no post')] }).missing).toEqual([
      `incident.opened of ${post?.incident} was posted 2 times`,
    ]);
    const double = { ...(journal[0] ?? expect.fail('no journal')), kind: 'double-writer' };
    expect(judge({ ...evidence, journal: [...journal, double] }).missing).toEqual([
      '1 times two live runs on one checkpoint',
    ]);
    const restart = journal.find((entry) => entry.kind === 'start-accepted' && entry.cause === 'restart');
    const tooMany = Array.from({ length: 3 }, () => restart ?? expect.fail('no restart'));
    expect(judge({ ...evidence, journal: [...journal, ...tooMany] }).missing.join()).toContain(
      'restarts over budget',
    );
    expect(judge({ ...evidence, decisions: [] }).missing).toEqual([
      'iot-ingest should be parked and is stopped',
    ]);
    for (const fault of ['lostEvents', 'doubledEvents', 'lostAnswers', 'throttledCalls'] as const)
      expect(judge({ ...evidence, injected: { ...injected, [fault]: 0 } }).missing).toHaveLength(1);

    const messages = channelView(posts).map(([head]) => head);
    expect(messages).toEqual([
      '○ Recovered – clicks-enrich  ·  demo / us-east-1',
      'Needs a human: iot-ingest is down',
      '○ Recovered – orders-join  ·  demo / us-east-1',
      '○ Recovered – sessions  ·  demo / us-east-1',
      '◌ Stopped – ledger  ·  demo / us-east-1',
      '◌ Stopped – fraud-score  ·  demo / us-east-1',
      'i Taken over – fraud-score  ·  demo / us-east-1',
    ]);
  });
});
