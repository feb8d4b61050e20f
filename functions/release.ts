import { release } from '../src/control/release.ts';
import { queueHandler } from '../src/runtime/lambda.ts';
import { handlerOf, type Runtime } from '../src/runtime/runtime.ts';
import { wireControl } from '../src/runtime/wire.ts';

/** The fleet's order. However many messages ask for it, one look serves them all. */
export function create(runtime: Runtime) {
  const ports = wireControl(runtime);
  return queueHandler(runtime, async (records, fail, call) => {
    const report = await release(ports);
    if (report.outcome === 'unavailable') for (const record of records) fail(record);
    call.count('GrantsGiven', report.granted.length);
    ports.log.info('release', { ...report });
  });
}

export const handler = handlerOf('release', create);
