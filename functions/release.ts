import { release } from '../src/control/release.ts';
import { queueHandler } from '../src/runtime/lambda.ts';
import { handlerOf, type Runtime } from '../src/runtime/runtime.ts';
import { wireControl } from '../src/runtime/wire.ts';

/** The fleet's order. However many messages ask for it, one look serves them all. */
export function create(runtime: Runtime) {
  const ports = wireControl(runtime);
  return queueHandler(runtime, async (_records, _fail, call) => {
    const report = await release(ports);
    call.count('GrantsGiven', report.granted.length);
    // A message that failed would block its group, and with it every other look; the sweep asks again in a minute.
    if (report.outcome === 'unavailable') ports.log.warn('release could not look', { ...report });
    else ports.log.info('release', { ...report });
  });
}

export const handler = handlerOf('release', create);
