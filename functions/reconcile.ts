import { queueHandler } from '../src/runtime/lambda.ts';
import { reconcileBatch } from '../src/runtime/reconcile-batch.ts';
import { handlerOf, type Runtime } from '../src/runtime/runtime.ts';
import { wireControl } from '../src/runtime/wire.ts';

/** One job, one pass, for each wake in the batch. */
export function create(runtime: Runtime) {
  const ports = wireControl(runtime);
  return queueHandler(runtime, (records, fail, call) => reconcileBatch(ports, records, { fail, call }));
}

export const handler = handlerOf('reconcile', create);
