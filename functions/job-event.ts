import { parseJobRunEvent } from '../src/events/job-run-event.ts';
import { lambdaHandler } from '../src/runtime/lambda.ts';
import { handlerOf, type Runtime } from '../src/runtime/runtime.ts';
import { wireDoor } from '../src/runtime/wire-door.ts';

/** Door for EMR Serverless events: parse, hand on, return. It decides nothing. */
export function create(runtime: Runtime) {
  const { wakes } = wireDoor(runtime);
  return lambdaHandler<unknown, void>(runtime, async (event, call) => {
    const signal = parseJobRunEvent(event);
    // Thrown, so that Lambda tries twice more and then keeps the event with its failure destination.
    if (!signal.ok) throw new Error(signal.message);
    call.count('SignalsReceived');
    const { wake, applicationId, what } = signal.value;
    if (!wake) return runtime.logger.info('application changed', { applicationId, state: what });
    const sent = await wakes.send([{ wake, delaySeconds: 0 }]);
    if (!sent.ok) throw new Error(`the wake queue did not take the event: ${sent.message}`);
  });
}

export const handler = handlerOf('job-event', create);
