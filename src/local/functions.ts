import { create as createJobEvent } from '../../functions/job-event.ts';
import { create as createNotify } from '../../functions/notify.ts';
import { create as createReconcile } from '../../functions/reconcile.ts';
import { create as createRelease } from '../../functions/release.ts';
import { create as createSweep } from '../../functions/sweep.ts';
import { type Handler, LambdaHost } from './lambda-host.ts';
import type { LocalStack } from './stack.ts';

/** What the stack's rule for job run events lets through; anything else never reaches the function. */
const ruled = new Set(['EMR Serverless Job Run State Change', 'EMR Serverless Job Run Retry']);
const minuteMs = 60_000;

/** The unchanged functions on the local stack, with the event sources that they have in AWS. */
export function deployFunctions(stack: LocalStack): LambdaHost {
  const handlers: Record<string, Handler> = {
    'job-event': createJobEvent(stack.runtime('job-event')) as Handler,
    notify: createNotify(stack.runtime('notify')) as Handler,
    reconcile: createReconcile(stack.runtime('reconcile')) as Handler,
    release: createRelease(stack.runtime('release')) as Handler,
    sweep: createSweep(stack.runtime('sweep')) as Handler,
  };
  const host = new LambdaHost({ time: stack.time, random: stack.world.random.fork('lambda'), handlers });
  stack.world.emr.onEvent((event) => {
    if (ruled.has(event['detail-type'])) host.invokeAsync('job-event', event);
  });
  host.consume(stack.queues.wake, 'reconcile');
  host.consume(stack.queues.release, 'release');
  host.consume(stack.queues.notify, 'notify');
  host.schedule('sweep', { everyMs: minuteMs, firstMs: 1_000 });
  return host;
}
