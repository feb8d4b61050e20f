import { deliverOutbox } from '../src/control/deliver.ts';
import { queueHandler } from '../src/runtime/lambda.ts';
import { handlerOf, type Runtime } from '../src/runtime/runtime.ts';
import { wireNotify } from '../src/runtime/wire-notify.ts';

/** Tells people and publishes events: whatever lies in the outbox. However many messages ask, one look serves them all. */
export function create(runtime: Runtime) {
  const ports = wireNotify(runtime);
  return queueHandler(runtime, async (_records, _fail, call) => {
    const report = await deliverOutbox(ports);
    call.count('NoticesDelivered', report.told);
    call.count('NotificationsUndelivered', report.overdue);
    // What could not be told stays in the outbox, and the sweep asks again: the message itself is done.
    if (report.waiting > 0) ports.log.warn('notices wait', { ...report });
  });
}

export const handler = handlerOf('notify', create);
