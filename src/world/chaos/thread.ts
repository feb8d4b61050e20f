import { parentPort } from 'node:worker_threads';
import type { Task } from './crew.ts';
import { runSchedule } from './schedule.ts';

// One schedule at a time: two on one thread would only share its core.
parentPort?.on('message', async (task: Task) => {
  parentPort?.postMessage(await runSchedule(task));
});
