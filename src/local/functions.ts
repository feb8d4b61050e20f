import { create as createAlarm } from '../../functions/alarm.ts';
import { create as createJobEvent } from '../../functions/job-event.ts';
import { create as createNotify } from '../../functions/notify.ts';
import { create as createReconcile } from '../../functions/reconcile.ts';
import { create as createRelease } from '../../functions/release.ts';
import { create as createSweep } from '../../functions/sweep.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { type Handler, LambdaHost } from './lambda-host.ts';
import type { LocalStack } from './stack.ts';

/** What a function exports to be made anywhere: its handler for this runtime. */
export type Create = (runtime: Runtime) => unknown;

/** The functions as they are in the sources. */
const fromSources: Readonly<Record<string, Create>> = {
  alarm: createAlarm,
  'job-event': createJobEvent,
  notify: createNotify,
  reconcile: createReconcile,
  release: createRelease,
  sweep: createSweep,
};

/** The first call of a schedule, so that nobody waits a whole period for it. */
const firstCallMs = 1_000;

/**
 * The unchanged functions on the local stack, called by just those event sources that serverless.yml gives them. With
 * `creators` they may come from elsewhere: from the packaged bundles, for one.
 */
export function deployFunctions(stack: LocalStack, creators = fromSources): LambdaHost {
  const { functions } = stack.deployment;
  const handlers = functions.map(({ name }): [string, Handler] => {
    const create = Object.hasOwn(creators, name) ? creators[name] : undefined;
    if (!create) throw new Error(`serverless.yml deploys ${name}, and there is no such function`);
    return [name, create(stack.runtime(name)) as Handler];
  });
  const host = new LambdaHost({
    time: stack.time,
    random: stack.world.random.fork('lambda'),
    handlers: Object.fromEntries(handlers),
  });
  for (const { name, rules, queues, schedules, retriesMax, onFailure } of functions) {
    host.onAsyncFailure(name, {
      retriesMax,
      ...(onFailure === undefined ? {} : { onFailure: stack.queue(onFailure) }),
    });
    for (const pattern of rules) host.route(pattern, name);
    for (const { queue, ...mapping } of queues) host.consume(stack.queue(queue), name, mapping);
    for (const { everyMs } of schedules) host.schedule(name, { everyMs, firstMs: firstCallMs });
  }
  stack.world.emr.onEvent((event) => host.putEvent(event));
  // What Checkpilot publishes itself goes by the same rules: a pattern that is too wide would wake it by its own word.
  stack.onPutEvent((event) => host.putEvent(event));
  return host;
}
