import { expect, it, onTestFinished } from 'vitest';
import { EmrServerlessJobRuns } from '../../src/aws/emr-serverless-job-runs.ts';
import type { Clock } from '../../src/control/ports.ts';
import type { LaunchRequest } from '../../src/core/launch-request.ts';
import { signatureValidityMs, startDeadlineMs } from '../../src/core/protocol.ts';
import { startEmrServerless } from '../../src/local/emr-serverless.ts';
import type { Fault } from '../../src/local/http-server.ts';
import { CHECKPOINT, createWorld, us } from '../world/support.ts';
import { clientsOf } from './scripted-server.ts';

/** The adapter over our own EMR Serverless, whose time is `clock`'s unless told otherwise. */
async function bench(options: { fault?: Fault; signingClock?: (worldClock: Clock) => Clock } = {}) {
  const { world, time, applicationId } = createWorld();
  let fault = options.fault;
  const server = await startEmrServerless({
    emr: world.emr,
    callerArn: () => us.arn,
    clock: time,
    fault: () => {
      const now = fault;
      fault = undefined;
      return now;
    },
  });
  onTestFinished(() => server.close());
  const clock = options.signingClock?.(time) ?? time;
  const request: LaunchRequest = {
    applicationId,
    executionRoleArn: 'arn:aws:iam::111122223333:role/orders',
    name: 'orders',
    mode: 'STREAMING',
    jobDriver: {
      sparkSubmit: {
        entryPoint: 's3://artifacts/orders.py',
        entryPointArguments: ['--checkpoint', CHECKPOINT],
      },
    },
    retryPolicy: { maxFailedAttemptsPerHour: 3 },
    tags: { 'checkpilot:job': 'orders' },
  };
  const send = { clientToken: 'token-1', notAfterMs: time.now() + startDeadlineMs };
  return { runs: new EmrServerlessJobRuns(clientsOf(server, { clock }).emrServerless), request, send, time };
}

it('starts, reads, lists and cancels a run', async () => {
  const { runs, request, send, time } = await bench();
  const started = await runs.start(request, send);
  const jobRunId = started.kind === 'accepted' ? started.jobRunId : '';
  const run = await runs.get(request.applicationId, jobRunId);
  expect(run).toMatchObject({ ok: true, value: { jobRunId, name: 'orders', createdBy: us.arn, request } });
  await time.run({ untilMs: time.now() + 5 * 60_000 });
  const listed = await runs.list(request.applicationId, { createdAtAfterMs: send.notAfterMs - 3_600_000 });
  expect(listed).toMatchObject({ ok: true, value: { runs: [{ jobRunId, name: 'orders' }] } });
  expect(listed.ok && Math.abs(listed.value.dateMs - time.now())).toBeLessThanOrEqual(1_000);
  const terms = { graceSeconds: 120, notAfterMs: time.now() + startDeadlineMs };
  expect(await runs.cancel(request.applicationId, jobRunId, terms)).toEqual({ kind: 'accepted' });
});

it('gets the run of the first attempt when its answer was lost and the SDK asks again', async () => {
  const { runs, request, send } = await bench({ fault: { kind: 'reset-after' } });
  const started = await runs.start(request, send);
  const again = await runs.start(request, send);
  expect(started.kind).toBe('accepted');
  expect(again).toEqual(started);
});

it('starts again what a run says it was started with', async () => {
  const { runs, request, send } = await bench();
  const first = await runs.start(request, send);
  const run = await runs.get(request.applicationId, first.kind === 'accepted' ? first.jobRunId : '');
  const next = run.ok ? await runs.start(run.value.request, { ...send, clientToken: 'token-2' }) : first;
  expect(next.kind).toBe('accepted');
  expect(next).not.toEqual(first);
});

it('is refused by the service itself when the signature is older than the service accepts', async () => {
  const { runs, request, send } = await bench({
    signingClock: (world) => ({ ...world, now: () => world.now() - signatureValidityMs - 60_000 }),
  });
  expect(await runs.start(request, send)).toEqual({ kind: 'too-late' });
});
