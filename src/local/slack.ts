import type { Journal } from '../world/journal.ts';
import {
  type LocalRequest,
  type LocalResponse,
  type RunningServer,
  type ServerHooks,
  startServer,
} from './http-server.ts';
import { blockFault } from './slack-limits.ts';

/** A message as a reader of the channel sees it now. */
export interface SlackPost {
  readonly ts: string;
  readonly channel: string;
  readonly threadTs?: string;
  text: string;
  blocks: readonly Record<string, unknown>[];
  metadata?: Record<string, unknown>;
  /** How often it was changed. */
  edits: number;
}

export interface LocalSlack {
  readonly posts: readonly SlackPost[];
  readonly server: RunningServer;
}

export interface LocalSlackOptions extends ServerHooks {
  /** The token that is right; any other is refused. */
  readonly token: string;
  readonly channels: readonly string[];
  /** Scopes of the token besides `chat:write`. */
  readonly scopes?: readonly string[];
  /** Told of every new message in a channel and every change of one, as the world saw it. */
  readonly journal?: Journal;
}

class Refusal extends Error {}

/**
 * The methods of Slack's Web API that Checkpilot calls, over the same form-encoded requests. Slack answers nearly
 * everything with 200 and `ok`; only a rate limit is a 429 with `retry-after`.
 */
export async function startSlack(options: LocalSlackOptions): Promise<LocalSlack> {
  const posts: SlackPost[] = [];
  const channelApi = methodsOf(options, posts);
  const server = await startServer({
    clock: options.clock,
    hold: options.hold,
    fault: options.fault,
    name: 'slack',
    operationOf: ({ path }) => path.split('/').at(-1) ?? '',
    errorResponse: (kind, message) =>
      kind === 'throttle'
        ? { ...json({ ok: false, error: 'ratelimited' }), status: 429, headers: { 'retry-after': '3' } }
        : { status: kind === 'internal-error' ? 500 : 413, body: message ?? kind },
    handle: async (request) => {
      try {
        return json({ ok: true, ...channelApi(request) });
      } catch (error) {
        if (error instanceof Refusal) return json({ ok: false, error: error.message });
        throw error;
      }
    },
  });
  return { posts, server };
}

function methodsOf(options: LocalSlackOptions, posts: SlackPost[]) {
  let count = 0;
  const stamp = () => {
    count += 1;
    return `${Math.floor(options.clock.now() / 1_000)}.${String(count).padStart(6, '0')}`;
  };
  const tell = (post: SlackPost, newPost: boolean) => {
    const { incident, state: event, job } = payloadOf(post);
    if (event !== undefined)
      options.journal?.write('notice', { job: String(job) }, { incident, event, newPost });
  };
  const found = (channel: string, ts: string) => {
    const post = posts.find((one) => one.channel === channel && one.ts === ts);
    if (!post) throw new Refusal('message_not_found');
    return post;
  };
  const methods: Record<string, (form: URLSearchParams) => Record<string, unknown>> = {
    'chat.postMessage': (form) => {
      const { channel, threadTs, ...body } = bodyOf(form, options.channels);
      if (threadTs) found(channel, threadTs);
      const post: SlackPost = { ts: stamp(), channel, ...(threadTs ? { threadTs } : {}), ...body, edits: 0 };
      posts.push(post);
      if (!threadTs) tell(post, true);
      return { channel, ts: post.ts };
    },
    'chat.update': (form) => {
      const { channel, text, blocks, metadata } = bodyOf(form, options.channels);
      const post = found(channel, form.get('ts') ?? '');
      // Text without blocks takes the blocks away, as in Slack.
      Object.assign(post, { text, blocks, ...(metadata ? { metadata } : {}), edits: post.edits + 1 });
      tell(post, false);
      return { channel, ts: post.ts };
    },
    'chat.getPermalink': (form) => {
      const post = found(form.get('channel') ?? '', form.get('message_ts') ?? '');
      return { permalink: `https://example.slack.com/archives/${post.channel}/p${post.ts.replace('.', '')}` };
    },
    'conversations.history': (form) => {
      if (!options.scopes?.includes('channels:history')) throw new Refusal('missing_scope');
      const oldest = Number(form.get('oldest') ?? 0);
      const inChannel = posts.filter(
        (post) => post.channel === form.get('channel') && !post.threadTs && Number(post.ts) >= oldest,
      );
      return { messages: inChannel.slice(-Number(form.get('limit') ?? 100)).reverse() };
    },
  };
  return (request: LocalRequest) => {
    const run = methods[request.path.split('/').at(-1) ?? ''];
    if (!run) throw new Refusal('unknown_method');
    const form = new URLSearchParams(request.body.toString('utf8'));
    const token = request.headers.authorization?.replace(/^Bearer /, '') ?? form.get('token');
    if (token !== options.token) throw new Refusal('invalid_auth');
    return run(form);
  };
}

function bodyOf(form: URLSearchParams, channels: readonly string[]) {
  const channel = form.get('channel') ?? '';
  if (!channels.includes(channel)) throw new Refusal('channel_not_found');
  const text = form.get('text') ?? '';
  const blocks = JSON.parse(form.get('blocks') ?? '[]') as Record<string, unknown>[];
  if (text === '' && blocks.length === 0) throw new Refusal('no_text');
  if (text.length > 40_000) throw new Refusal('msg_too_long');
  const fault = blockFault(blocks);
  if (fault !== undefined) throw new Refusal(`invalid_blocks: ${fault}`);
  const metadata = form.get('metadata');
  const threadTs = form.get('thread_ts') ?? undefined;
  return {
    channel,
    text,
    blocks,
    ...(metadata ? { metadata: JSON.parse(metadata) as Record<string, unknown> } : {}),
    ...(threadTs ? { threadTs } : {}),
  };
}

function payloadOf({ metadata }: SlackPost): Record<string, unknown> {
  return (metadata?.event_payload ?? {}) as Record<string, unknown>;
}

function json(body: Record<string, unknown>): LocalResponse {
  return { status: 200, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
}
