import type { EventBus, Notice, OwnEvent, Receiver } from '../control/ports.ts';

/** A receiver that takes every notice, in process. */
export function listener(hear: (notice: Notice) => void): Receiver {
  return {
    name: 'listener',
    async tell({ notices }) {
      for (const notice of notices) hear(notice);
      return { ok: true };
    },
  };
}

/** A bus that takes every event, in process. */
export function eventListener(hear: (event: OwnEvent) => void): EventBus {
  return {
    async publish(events) {
      for (const event of events) hear(event);
      return { ok: true, value: undefined };
    },
  };
}
