import { type EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import type { Answer, EventBus, OwnEvent } from '../control/ports.ts';
import { toFailure } from './failures.ts';
import type { Permissions } from './permissions.ts';

/** The `source` of everything that Checkpilot publishes. */
export const eventSource = 'checkpilot';
/** API reference of PutEvents: at most ten entries a call. */
const entriesMax = 10;

/** Checkpilot's own events on an EventBridge bus. */
export class EventBridgeBus implements EventBus {
  readonly #client: EventBridgeClient;
  readonly #bus: string;

  constructor(options: { readonly client: EventBridgeClient; readonly bus: string }) {
    this.#client = options.client;
    this.#bus = options.bus;
  }

  async publish(events: readonly OwnEvent[]): Promise<Answer<void>> {
    for (let from = 0; from < events.length; from += entriesMax) {
      const put = await this.#put(events.slice(from, from + entriesMax));
      if (!put.ok) return put;
    }
    return { ok: true, value: undefined };
  }

  async #put(events: readonly OwnEvent[]): Promise<Answer<void>> {
    const Entries = events.map(({ type, atMs, detail }) => ({
      EventBusName: this.#bus,
      Source: eventSource,
      DetailType: `Checkpilot ${type}`,
      Time: new Date(atMs),
      Detail: JSON.stringify(detail),
    }));
    try {
      const { FailedEntryCount = 0, Entries: answers = [] } = await this.#client.send(
        new PutEventsCommand({ Entries }),
      );
      if (FailedEntryCount === 0) return { ok: true, value: undefined };
      const first = answers.find(({ ErrorCode }) => ErrorCode !== undefined);
      const message = `${FailedEntryCount} of ${events.length} events not taken, first: ${first?.ErrorCode ?? '?'} ${first?.ErrorMessage ?? ''}`;
      return { ok: false, code: 'unavailable', message: message.trim() };
    } catch (error) {
      return toFailure(error);
    }
  }
}

export const eventBusPermissions: Permissions = {
  title: 'publish events with the source `checkpilot`',
  actions: ['events:PutEvents'],
};
