import type { Slack, SlackAnswer } from '../../slack/client.ts';
import type { SlackMessage } from '../../slack/incident-message.ts';
import type { Journal } from '../journal.ts';

/** A channel that takes everything at once, and writes down what people would have seen. */
export class CountingSlack implements Slack {
  readonly counts = { newPosts: 0, edits: 0, replies: 0 };
  readonly #journal: Journal;

  constructor(journal: Journal) {
    this.#journal = journal;
  }

  async post(_channel: string, message: SlackMessage): Promise<SlackAnswer<{ ts: string }>> {
    this.counts.newPosts += 1;
    this.#write(message, true);
    return { kind: 'done', value: { ts: String(this.counts.newPosts) } };
  }

  async update(_channel: string, _ts: string, message: SlackMessage): Promise<SlackAnswer<void>> {
    this.counts.edits += 1;
    this.#write(message, false);
    return { kind: 'done', value: undefined };
  }

  async reply(): Promise<SlackAnswer<void>> {
    this.counts.replies += 1;
    return { kind: 'done', value: undefined };
  }

  async linkTo(): Promise<string | undefined> {
    return undefined;
  }

  async find(): Promise<SlackAnswer<{ ts: string } | undefined>> {
    return { kind: 'done', value: undefined };
  }

  #write({ metadata, text }: SlackMessage, newPost: boolean): void {
    const { event_payload: payload } = metadata;
    const { job, incident, state: event } = payload;
    this.#journal.write('notice', { job: String(job) }, { incident, event, newPost, text });
  }
}
