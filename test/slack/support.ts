import { onTestFinished } from 'vitest';
import type { Notice } from '../../src/control/ports.ts';
import type { Fault } from '../../src/local/http-server.ts';
import { type LocalSlackOptions, startSlack } from '../../src/local/slack.ts';
import { SlackWebApi } from '../../src/slack/client.ts';
import { SlackReceiver } from '../../src/slack/receiver.ts';
import { InMemoryJobStore } from '../../src/world/in-memory-job-store.ts';
import { testPolicy } from '../support/fleet.ts';

export const channel = 'C0123PAYM';
export const atMs = Date.parse('2026-11-22T14:33:00Z');

/** A real Slack client against the local workspace, with a fault for each call that the test wants to fail. */
export async function workspace({
  clientToken = 'right',
  timeoutMs,
  ...options
}: Partial<LocalSlackOptions> & { clientToken?: string; timeoutMs?: number } = {}) {
  let nowMs = atMs;
  const clock = {
    now: () => nowMs,
    sleep: async (ms: number) => {
      nowMs += ms;
    },
  };
  const faults: (Fault | undefined)[] = [];
  const calls: string[] = [];
  const { posts, server } = await startSlack({
    clock,
    token: 'right',
    channels: [channel],
    scopes: ['channels:history'],
    fault: ({ operation }) => {
      calls.push(operation);
      return faults.shift();
    },
    ...options,
  });
  onTestFinished(() => server.close());
  const slack = new SlackWebApi(async () => ({ ok: true, value: clientToken }), {
    slackApiUrl: `${server.url}/api/`,
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
  });
  const store = new InMemoryJobStore(clock);
  const policy = { ...testPolicy({ orders: {} }), runbooks: 'https://wiki.example.com/runbooks' };
  const receiver = new SlackReceiver({ name: 'platform', channel, policy, slack, store, clock });
  const roots = () => posts.filter(({ threadTs }) => threadTs === undefined);
  const replies = () => posts.filter(({ threadTs }) => threadTs !== undefined);
  return { receiver, posts, roots, replies, faults, calls, store, clock, slack };
}

let ids = 0;
export function notice(event: Notice['event'], fields: Partial<Notice> = {}): Notice {
  ids += 1;
  return {
    id: `ntc_${String(ids).padStart(6, '0')}`,
    job: 'orders',
    decisionId: '',
    incidentId: 'inc_1',
    atMs: atMs + ids * 1_000,
    event,
    severity: event === 'incident.needs-human' ? 'critical' : 'warning',
    text: `orders: ${event} happened.`,
    ...fields,
  };
}
