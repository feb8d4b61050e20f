import { setTimeout as wait } from 'node:timers/promises';
import type { Clock } from '../control/ports.ts';

/** The clock of the machine. The SDK signs with it by itself and corrects it by what AWS answers. */
export const systemClock: Clock = {
  now: () => Date.now(),
  sleep: async (ms) => {
    await wait(ms);
  },
};
