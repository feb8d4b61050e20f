import { withOutgoing } from '../src/control/outgoing.ts';
import { sweep } from '../src/control/sweep.ts';
import { lambdaHandler } from '../src/runtime/lambda.ts';
import { passTelemetry } from '../src/runtime/pass-telemetry.ts';
import { redrive } from '../src/runtime/redrive.ts';
import { handlerOf, type Runtime } from '../src/runtime/runtime.ts';
import { wireControl } from '../src/runtime/wire.ts';
import { wireDeadLetters } from '../src/runtime/wire-door.ts';

/** Every minute: wakes whom nobody woke. */
export function create(runtime: Runtime) {
  const wired = wireControl(runtime);
  const deadLetters = wireDeadLetters(runtime);
  return lambdaHandler<unknown, void>(runtime, async (_event, call) => {
    const { ports, flush } = withOutgoing(wired);
    const report = await sweep(
      ports,
      passTelemetry(ports.log, call, () => ports.clock.now()),
    );
    if (deadLetters) call.count('WakesRedriven', await redrive({ deadLetters, ...wired }));
    await flush();
    call.count('Sweeps');
    call.count('LostEventsFound', report.ended);
    // Trouble is not an error of this function: what it could not do now the next sweep does.
    if (report.trouble.length > 0) ports.log.warn('sweep had trouble', { ...report });
    else ports.log.info('sweep', { ...report });
  });
}

export const handler = handlerOf('sweep', create);
