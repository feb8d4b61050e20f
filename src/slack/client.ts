import { ErrorCode, LogLevel, WebClient } from '@slack/web-api';
import type { Answer } from '../control/ports.ts';
import { redact } from '../core/failure/redact.ts';
import type { SlackMessage } from './incident-message.ts';

/** What Slack said to a call. After `unclear` a post may be there or not. */
export type SlackAnswer<T> =
  | { readonly kind: 'done'; readonly value: T }
  | { readonly kind: 'rate-limited'; readonly retryAfterMs: number }
  | { readonly kind: 'refused'; readonly message: string }
  | { readonly kind: 'unclear'; readonly message: string };

/** The few things that Checkpilot does in Slack. */
export interface Slack {
  post(channel: string, message: SlackMessage): Promise<SlackAnswer<{ ts: string }>>;
  /** A message that somebody deleted counts as answered and changed: what people take away is not put back. */
  reply(channel: string, threadTs: string, text: string): Promise<SlackAnswer<void>>;
  update(channel: string, ts: string, message: SlackMessage): Promise<SlackAnswer<void>>;
  /** The link to a message, or nothing if Slack does not say it now. */
  linkTo(channel: string, ts: string): Promise<string | undefined>;
  /** The post with this key since that time. Needs the scope `channels:history`; without it, `refused`. */
  find(
    channel: string,
    post: { key: string; sinceMs: number },
  ): Promise<SlackAnswer<{ ts: string } | undefined>>;
}

/** Slow is not down: a post that is answered late must not be taken for lost. */
const defaultTimeoutMs = 15_000;
/** What conversations.history gives at most in one page that Slack recommends. */
const historyMax = 200;
/** Platform errors that pass by themselves (reference of chat.postMessage, common errors). */
const passing = new Set([
  'internal_error',
  'fatal_error',
  'service_unavailable',
  'request_timeout',
  'ratelimited',
]);

/** Slack's Web API. The token is asked for at each call, so that a new one holds at once. */
export class SlackWebApi implements Slack {
  readonly #token: () => Promise<Answer<string>>;
  readonly #options: { readonly slackApiUrl?: string; readonly timeoutMs?: number };
  #client: { readonly token: string; readonly web: WebClient } | undefined;

  constructor(
    token: () => Promise<Answer<string>>,
    options: { readonly slackApiUrl?: string; readonly timeoutMs?: number } = {},
  ) {
    this.#token = token;
    this.#options = options;
  }

  post(channel: string, message: SlackMessage): Promise<SlackAnswer<{ ts: string }>> {
    return this.#call('chat.postMessage', { channel, ...message, unfurl_links: false }, tsOf);
  }

  async reply(channel: string, threadTs: string, text: string): Promise<SlackAnswer<void>> {
    const answer = await this.#call(
      'chat.postMessage',
      { channel, thread_ts: threadTs, text, unfurl_links: false },
      nothing,
    );
    return orGone(answer);
  }

  async update(channel: string, ts: string, message: SlackMessage): Promise<SlackAnswer<void>> {
    return orGone(await this.#call('chat.update', { channel, ts, ...message }, nothing));
  }

  async linkTo(channel: string, ts: string): Promise<string | undefined> {
    const answer = await this.#call('chat.getPermalink', { channel, message_ts: ts }, (result) => result);
    if (answer.kind !== 'done') return undefined;
    const { permalink } = answer.value;
    return typeof permalink === 'string' && /^https:\/\/[^\s<>|]+$/.test(permalink) ? permalink : undefined;
  }

  find(
    channel: string,
    { key, sinceMs }: { key: string; sinceMs: number },
  ): Promise<SlackAnswer<{ ts: string } | undefined>> {
    const query = { channel, oldest: String(sinceMs / 1_000), limit: historyMax, include_all_metadata: true };
    return this.#call('conversations.history', query, ({ messages }) => {
      const found = (Array.isArray(messages) ? messages : []).find(
        (message) => message?.metadata?.event_payload?.post === key,
      );
      return found ? { ts: String(found.ts) } : undefined;
    });
  }

  async #call<T>(
    method: string,
    body: Record<string, unknown>,
    read: (result: Record<string, unknown>) => T,
  ): Promise<SlackAnswer<T>> {
    const token = await this.#token();
    if (!token.ok) {
      const isPassing = token.code === 'throttled' || token.code === 'unavailable';
      return { kind: isPassing ? 'unclear' : 'refused', message: `no token: ${token.message}` };
    }
    try {
      const result = await this.#clientWith(token.value).apiCall(method, body);
      return { kind: 'done', value: read(result as unknown as Record<string, unknown>) };
    } catch (error) {
      return answerOf(method, error);
    }
  }

  #clientWith(token: string): WebClient {
    if (this.#client?.token !== token) {
      const { slackApiUrl, timeoutMs = defaultTimeoutMs } = this.#options;
      const web = new WebClient(token, {
        ...(slackApiUrl ? { slackApiUrl } : {}),
        timeout: timeoutMs,
        // A later round is the retry: here it would hold up the other receivers.
        retryConfig: { retries: 0 },
        rejectRateLimitedCalls: true,
        logLevel: LogLevel.ERROR,
        logger: silent,
      });
      this.#client = { token, web };
    }
    return this.#client.web;
  }
}

function answerOf(method: string, error: unknown): Exclude<SlackAnswer<never>, { kind: 'done' }> {
  const { code, message, retryAfter, data, statusCode } = error as {
    code?: string;
    message?: string;
    retryAfter?: number;
    data?: { error?: string };
    statusCode?: number;
  };
  const said = redact(`${method}: ${data?.error ?? message ?? String(error)}`);
  if (code === ErrorCode.RateLimitedError)
    return { kind: 'rate-limited', retryAfterMs: (retryAfter ?? 1) * 1_000 };
  if (code === ErrorCode.PlatformError && data?.error === 'ratelimited')
    return { kind: 'rate-limited', retryAfterMs: 1_000 };
  if (code === ErrorCode.PlatformError && !passing.has(data?.error ?? ''))
    return { kind: 'refused', message: said };
  if (code === ErrorCode.HTTPError && statusCode !== undefined && statusCode < 500)
    return { kind: 'refused', message: said };
  return { kind: 'unclear', message: said };
}

function orGone(answer: SlackAnswer<void>): SlackAnswer<void> {
  const isGone = answer.kind === 'refused' && /\b(?:message|thread)_not_found\b/.test(answer.message);
  return isGone ? { kind: 'done', value: undefined } : answer;
}

const tsOf = ({ ts }: Record<string, unknown>) => ({ ts: String(ts) });
const nothing = () => undefined;
/** The receiver says what went wrong, in the words of the product; the client's own lines hold whole requests. */
const silent = {
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: () => {},
  setLevel: () => {},
  getLevel: () => LogLevel.ERROR,
  setName: () => {},
};
