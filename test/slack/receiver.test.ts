import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Notice } from '../../src/control/ports.ts';
import { SlackWebApi } from '../../src/slack/client.ts';
import { channel, notice, workspace } from './support.ts';

const opened = () => notice('incident.opened', { class: 'worker-lost' });
const updated = () => notice('incident.updated', { class: 'worker-lost' });
const needsHuman = (failureClass: Notice['class'] = 'worker-lost') =>
  notice('incident.needs-human', failureClass ? { class: failureClass } : {});
const recovered = () => notice('incident.recovered', { severity: 'info' });

describe('an incident in Slack', () => {
  it('is one message, edited in place, with its steps in the thread', async () => {
    const { receiver, roots, replies } = await workspace();
    for (const one of [opened(), updated(), recovered()])
      expect(await receiver.tell({ notices: [one] })).toEqual({ ok: true });
    expect(roots()).toMatchObject([{ edits: 2, text: 'Recovered: orders: incident.recovered happened.' }]);
    expect(replies().map(({ threadTs, text }) => [threadTs, text.replace(/<[^>]*>/, 'TIME')])).toEqual([
      [roots()[0]?.ts, 'TIME incident.opened happened.'],
      [roots()[0]?.ts, 'TIME incident.updated happened.'],
      [roots()[0]?.ts, 'TIME incident.recovered happened.'],
    ]);
  });

  it('has other block ids with every state, as Slack wants it when a message is changed', async () => {
    const { receiver, roots } = await workspace();
    const ids = () => roots()[0]?.blocks.map(({ block_id }) => String(block_id)) ?? [];
    await receiver.tell({ notices: [opened()] });
    const before = ids();
    await receiver.tell({ notices: [updated()] });
    expect(new Set([...before, ...ids()]).size).toBe(before.length + ids().length);
  });

  it('calls a person with a post of its own, to which the head points, and which recovery closes', async () => {
    const { receiver, roots } = await workspace();
    await receiver.tell({ notices: [opened()] });
    await receiver.tell({ notices: [needsHuman()] });
    const [head, call] = roots();
    expect(call?.text).toBe('ACTION NEEDED: orders: incident.needs-human happened.');
    expect(JSON.stringify(head?.blocks)).toContain(`/p${call?.ts.replace('.', '')}|see the message>`);
    await receiver.tell({ notices: [recovered()] });
    expect(roots().map(({ text }) => text)).toEqual(
      Array(2).fill('Recovered: orders: incident.recovered happened.'),
    );
  });

  it('calls once for each state: another cause is another call, the same cause is an edit', async () => {
    const { receiver, roots } = await workspace();
    for (const one of [opened(), needsHuman(), updated(), needsHuman(), needsHuman('user-code-error')])
      await receiver.tell({ notices: [one] });
    expect(roots()).toHaveLength(3);
  });

  it('that begins with a call is that call, and no empty head besides', async () => {
    const { receiver, roots } = await workspace();
    await receiver.tell({ notices: [needsHuman()] });
    expect(roots().map(({ text }) => text)).toEqual([
      'ACTION NEEDED: orders: incident.needs-human happened.',
    ]);
  });

  it('is told in its newest state when Slack was away for all of it', async () => {
    const { receiver, roots, replies } = await workspace();
    await receiver.tell({ notices: [opened(), updated(), recovered()] });
    expect(roots()).toMatchObject([{ text: 'Recovered: orders: incident.recovered happened.', edits: 0 }]);
    expect(replies()).toHaveLength(1);
  });

  it('stays in its newest state when a call has overtaken what happened before it', async () => {
    const { receiver, roots, replies } = await workspace();
    const before = opened();
    await receiver.tell({ notices: [needsHuman()] });
    await receiver.tell({ notices: [before] });
    expect(roots().map(({ text }) => text)).toEqual([
      'ACTION NEEDED: orders: incident.needs-human happened.',
    ]);
    expect(replies()).toHaveLength(2);
  });

  it('is told once, however often it is handed over', async () => {
    const { receiver, roots, replies } = await workspace();
    const one = opened();
    await receiver.tell({ notices: [one] });
    await receiver.tell({ notices: [one] });
    expect([roots().length, replies().length]).toEqual([1, 1]);
  });

  it('calls again for data that is about to be lost, after the call for the failure, and a third time when it is', async () => {
    const { receiver, roots } = await workspace();
    const call = (reason: Notice['reason'] & string) =>
      notice('incident.needs-human', { class: 'worker-lost', reason });
    await receiver.tell({ notices: [call('deterministic-failure')] });
    const updated = { class: 'worker-lost', reason: 'retention-running-out', stillNeedsHuman: true } as const;
    await receiver.tell({ notices: [notice('incident.updated', updated)] });
    expect(roots()).toHaveLength(1);
    await receiver.tell({ notices: [call('data-loss-near')] });
    await receiver.tell({ notices: [call('data-expired')] });
    expect(roots()).toHaveLength(3);
  });

  it('posts each of several calls that come at once', async () => {
    const { receiver, roots } = await workspace();
    await receiver.tell({ notices: [notice('incident.opened', { class: 'worker-lost' })] });
    const clock = {
      class: 'source-data-lost',
      reason: 'data-loss-near',
      text: 'lost from 22:00 on',
    } as const;
    const log = { class: 'source-data-lost', reason: 'records-left-out', text: 'left out orders-1' } as const;
    await receiver.tell({
      notices: [notice('incident.needs-human', clock), notice('incident.needs-human', log)],
    });
    const [, ...calls] = roots().map(({ text }) => text);
    expect(calls).toEqual(['ACTION NEEDED: lost from 22:00 on', 'ACTION NEEDED: left out orders-1']);
  });

  it('is one message for all jobs where their notices share a thread', async () => {
    const { receiver, roots, replies } = await workspace();
    for (const job of ['orders', 'clicks']) {
      const { incidentId: _none, ...one } = notice('incident.updated', { job, text: `${job}: not searched` });
      await receiver.tell({ notices: [{ ...one, reason: 'losses-unknown', thread: 'losses-unknown' }] });
    }
    expect(roots()).toMatchObject([{ text: expect.stringContaining('clicks: not searched'), edits: 1 }]);
    expect(replies()).toEqual([]);
  });

  it('keeps two incidents apart', async () => {
    const { receiver, roots } = await workspace();
    await receiver.tell({ notices: [opened()] });
    await receiver.tell({ notices: [notice('incident.opened', { incidentId: 'inc_2' })] });
    expect(roots()).toHaveLength(2);
  });
});

describe('when Slack', () => {
  it('limits the rate, its own number of seconds is passed on, and nothing is posted twice', async () => {
    const { receiver, roots, faults } = await workspace();
    faults.push({ kind: 'throttle' });
    const one = opened();
    expect(await receiver.tell({ notices: [one] })).toMatchObject({ code: 'throttled', retryAfterMs: 3_000 });
    expect(await receiver.tell({ notices: [one] })).toEqual({ ok: true });
    expect(roots()).toHaveLength(1);
  });

  it('loses the answer to a post, the post is found again and not sent twice', async () => {
    const { receiver, roots, faults, calls } = await workspace();
    faults.push({ kind: 'reset-after' });
    const one = opened();
    expect(await receiver.tell({ notices: [one] })).toMatchObject({ code: 'unavailable' });
    expect(await receiver.tell({ notices: [one] })).toEqual({ ok: true });
    expect(roots()).toHaveLength(1);
    expect(calls).toContain('conversations.history');
  });

  it('loses the answer and does not let us look, the post comes twice rather than never', async () => {
    const { receiver, roots, faults } = await workspace({ scopes: [] });
    faults.push({ kind: 'reset-after' });
    const one = needsHuman();
    await receiver.tell({ notices: [one] });
    expect(await receiver.tell({ notices: [one] })).toEqual({ ok: true });
    expect(roots()).toHaveLength(2);
  });

  it('is slower than we wait, nothing is lost and nothing posted twice', async () => {
    let isSlow = true;
    const { receiver, roots, clock } = await workspace({
      timeoutMs: 400,
      hold: () => {
        // Blocks the answer, not the effect: the request is handled, and answered too late.
        if (isSlow) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 500);
        return () => {};
      },
    });
    const one = opened();
    expect(await receiver.tell({ notices: [one] })).toMatchObject({ code: 'unavailable' });
    isSlow = false;
    await clock.sleep(60_000);
    expect(await receiver.tell({ notices: [one] })).toEqual({ ok: true });
    expect(roots()).toHaveLength(1);
  });

  it('is slow, then out of order, then limits us, then is away, for an hour: each incident is one post in the end', async () => {
    let isSlow = true;
    const { receiver, roots, replies, clock, faults, calls } = await workspace({
      timeoutMs: 400,
      hold: () => {
        if (isSlow) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 500);
        return () => {};
      },
    });
    const incidents = ['inc_1', 'inc_2', 'inc_3'].map((incidentId) => [
      notice('incident.opened', { incidentId, class: 'worker-lost' }),
      notice('incident.needs-human', { incidentId, class: 'worker-lost' }),
    ]);
    const round = () =>
      Promise.all(
        incidents.map(async ([first, second]) => {
          if (!first || !second) throw new Error('two notices each');
          return receiver.tell({ notices: [first, second] });
        }),
      );
    for (const kind of [undefined, 'internal-error', 'throttle', 'reset-before', 'reset-after'] as const) {
      for (let minute = 0; minute < 3; minute++) {
        faults.length = 0;
        if (kind) faults.push(...Array(20).fill({ kind }));
        for (const answer of await round()) expect(answer).toMatchObject({ ok: false });
        await clock.sleep(4 * 60_000);
      }
      isSlow = false;
    }
    faults.length = 0;
    expect(await round()).toEqual([{ ok: true }, { ok: true }, { ok: true }]);
    expect(calls.length).toBeGreaterThan(10);
    expect(
      roots()
        .map(({ metadata }) => (metadata?.event_payload as { incident?: string } | undefined)?.incident)
        .sort(),
    ).toEqual(['inc_1', 'inc_2', 'inc_3']);
    expect(replies()).toHaveLength(3);
    expect(roots().map(({ text }) => text)).toEqual(
      Array(3).fill('ACTION NEEDED: orders: incident.needs-human happened.'),
    );
  });

  it.each([
    ['does not know the token', { clientToken: 'wrong' }, 'invalid_auth'],
    ['does not know the channel', { channels: [] }, 'channel_not_found'],
  ])('%s, it is refused for good, in words that name the cause', async (_what, options, cause) => {
    const { receiver } = await workspace(options);
    expect(await receiver.tell({ notices: [opened()] })).toMatchObject({
      ok: false,
      code: 'refused',
      message: expect.stringContaining(cause),
    });
  });

  it('has lost the message because somebody deleted it, the incident goes on', async () => {
    const { receiver, posts } = await workspace();
    await receiver.tell({ notices: [opened()] });
    (posts as unknown[]).length = 0;
    expect(await receiver.tell({ notices: [recovered()] })).toEqual({ ok: true });
    expect(await receiver.tell({ notices: [needsHuman()] })).toEqual({ ok: true });
    expect(posts.map(({ text }) => text)).toEqual(['ACTION NEEDED: orders: incident.needs-human happened.']);
  });

  it('fails in any way at any call, every notice is told in the end and no call is posted twice', async () => {
    const fault = fc.constantFrom(
      undefined,
      undefined,
      { kind: 'throttle' as const },
      { kind: 'internal-error' as const },
      { kind: 'reset-before' as const },
      { kind: 'reset-after' as const },
    );
    const event = fc.constantFrom(
      opened,
      updated,
      () => needsHuman(),
      () => needsHuman('user-code-error'),
      recovered,
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(fault, { maxLength: 25 }),
        fc.array(event, { minLength: 1, maxLength: 5 }),
        async (given, events) => {
          const { receiver, roots, faults } = await workspace();
          faults.push(...given);
          for (const make of events) {
            const one = make();
            let isTold = false;
            for (let round = 0; round < 40 && !isTold; round++)
              isTold = (await receiver.tell({ notices: [one] })).ok;
            expect(isTold).toBe(true);
          }
          const keys = roots().map(({ metadata }) =>
            String((metadata?.event_payload as { post?: string } | undefined)?.post),
          );
          expect(new Set(keys).size).toBe(keys.length);
          const last = events.at(-1)?.().text ?? '';
          expect(roots()[0]?.text).toContain(last);
        },
      ),
      { numRuns: 60 },
    );
  });
});

describe('two rounds at once', () => {
  it('post one message between them', async () => {
    const { receiver, roots } = await workspace();
    const one = opened();
    await Promise.all([receiver.tell({ notices: [one] }), receiver.tell({ notices: [one] })]);
    expect(roots().filter((post) => post.channel === channel)).toHaveLength(1);
  });
});

describe('an error of Slack', () => {
  it('is passed on without the secrets that it quotes', async () => {
    const refusing = createServer((_request, response) => {
      response.writeHead(400);
      response.end('token=xoxb-1234-abcdefgh');
    });
    await new Promise<void>((resolve) => refusing.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void refusing.close());
    const { port } = refusing.address() as AddressInfo;
    const token = async () => ({ ok: true as const, value: 'xoxb-1234-abcdefgh' });
    const slack = new SlackWebApi(token, { slackApiUrl: `http://ana:hunter2@127.0.0.1:${port}/` });
    const answer = await slack.reply(channel, '1', 'x');
    expect(answer.kind).not.toBe('done');
    expect(JSON.stringify(answer)).not.toMatch(/hunter2|abcdefgh/);
  });
});
