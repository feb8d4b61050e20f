import { parseAlarm } from '../src/events/alarm.ts';
import { lambdaHandler } from '../src/runtime/lambda.ts';
import { handlerOf, type Runtime } from '../src/runtime/runtime.ts';
import { wireAlarm } from '../src/runtime/wire-alarm.ts';

/** Door for CloudWatch alarms: parse, read the tag that names the job, hand on. It decides nothing. */
export function create(runtime: Runtime) {
  const { wakes, jobTagOf, log } = wireAlarm(runtime);
  return lambdaHandler<unknown, void>(runtime, async (event, call) => {
    const signal = parseAlarm(event);
    // Thrown, so that Lambda tries twice more and then keeps the event with its failure destination.
    if (!signal.ok) throw new Error(signal.message);
    const { wake, arn, ignored, changedAtMs } = signal.value;
    const told = { alarm: wake.alarm, state: wake.state, changedAtMs };
    if (ignored !== undefined) return log.info('alarm not acted on', { ...told, why: ignored });
    const tag = arn === undefined ? undefined : await jobTagOf(arn);
    // Names and dimensions may say it as well: an alarm is not lost for want of a tag.
    if (tag && !tag.ok) log.warn('tags of the alarm not read', { ...told, code: tag.code, why: tag.message });
    const job = tag?.ok ? tag.value : undefined;
    const sent = await wakes.send([{ wake: { ...wake, ...(job ? { job } : {}) }, delaySeconds: 0 }]);
    if (!sent.ok) throw new Error(`the wake queue did not take the alarm: ${sent.message}`);
    call.count('SignalsReceived');
  });
}

export const handler = handlerOf('alarm', create);
