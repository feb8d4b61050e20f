import {
  CancelJobRunCommand,
  EMRServerlessClient,
  GetApplicationCommand,
  GetJobRunCommand,
  ListApplicationsCommand,
  ListJobRunAttemptsCommand,
  ListJobRunsCommand,
  StartJobRunCommand,
  type StartJobRunCommandInput,
} from '@aws-sdk/client-emr-serverless';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type EmrServerlessServerOptions, startEmrServerless } from '../../src/local/emr-serverless.ts';
import type { RunningServer } from '../../src/local/http-server.ts';
import { CHECKPOINT, createWorld, us } from '../world/support.ts';

let server: RunningServer;
let client: EMRServerlessClient;
let context: ReturnType<typeof createWorld>;

async function serve(hooks: Partial<EmrServerlessServerOptions> = {}): Promise<void> {
  context = createWorld();
  const { world, time } = context;
  server = await startEmrServerless({
    emr: world.emr,
    callerArn: () => us.arn,
    clock: time,
    hold: () => time.hold(),
    ...hooks,
  });
  client = new EMRServerlessClient({
    endpoint: server.url,
    region: 'us-east-1',
    maxAttempts: 1,
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    // Requests are signed by the world's clock.
    systemClockOffset: time.now() - Date.now(),
  });
}

beforeEach(() => serve());

afterEach(async () => {
  client.destroy();
  await server.close();
});

function input(changes: Partial<StartJobRunCommandInput> = {}): StartJobRunCommandInput {
  return {
    applicationId: context.applicationId,
    clientToken: 'token',
    executionRoleArn: 'arn:aws:iam::111122223333:role/orders',
    name: 'orders',
    mode: 'STREAMING',
    retryPolicy: { maxFailedAttemptsPerHour: 3 },
    tags: { 'checkpilot:job': 'orders' },
    jobDriver: {
      sparkSubmit: {
        entryPoint: 's3://artifacts/orders.py',
        entryPointArguments: ['--checkpoint', CHECKPOINT],
      },
    },
    ...changes,
  };
}

const start = (changes?: Partial<StartJobRunCommandInput>) =>
  client.send(new StartJobRunCommand(input(changes)));

describe('EMR Serverless on loopback, through the real client', () => {
  it('starts a run and reads it back with dates, tags and attempt', async () => {
    const { applicationId, jobRunId, arn } = await start();
    expect(arn).toBe(
      `arn:aws:emr-serverless:us-east-1:111122223333:/applications/${applicationId}/jobruns/${jobRunId}`,
    );
    await context.runFor(5);
    const { jobRun } = await client.send(new GetJobRunCommand({ applicationId, jobRunId }));
    expect(jobRun).toMatchObject({
      jobRunId,
      name: 'orders',
      state: 'RUNNING',
      mode: 'STREAMING',
      attempt: 1,
      createdBy: us.arn,
      executionRole: 'arn:aws:iam::111122223333:role/orders',
      createdAt: new Date('2026-11-22T20:00:00Z'),
      retryPolicy: { maxFailedAttemptsPerHour: 3 },
      tags: { 'checkpilot:job': 'orders' },
    });
    expect(jobRun?.startedAt?.getTime()).toBe(context.get(jobRunId ?? '').startedAt);
  });

  it('lists with filters and pages', async () => {
    const { applicationId } = context;
    for (const clientToken of ['a', 'b', 'c']) {
      await start({ clientToken });
      await context.runFor(1);
    }
    const after = new Date('2026-11-22T20:00:30Z');
    const first = await client.send(
      new ListJobRunsCommand({
        applicationId,
        createdAtAfter: after,
        maxResults: 1,
        states: ['RUNNING', 'PENDING', 'SCHEDULED', 'SUBMITTED'],
        mode: 'STREAMING',
      }),
    );
    expect(first.jobRuns?.map(({ createdAt }) => createdAt)).toEqual([new Date('2026-11-22T20:02:00Z')]);
    const second = await client.send(
      new ListJobRunsCommand({ applicationId, createdAtAfter: after, nextToken: first.nextToken }),
    );
    expect(second.jobRuns?.map(({ createdAt }) => createdAt)).toEqual([new Date('2026-11-22T20:01:00Z')]);
    expect(second.nextToken).toBeUndefined();
  });

  it('cancels with a grace, and lists attempts and applications', async () => {
    const { applicationId, jobRunId } = await start();
    await context.runFor(5);
    const ids = { applicationId, jobRunId };
    expect(
      await client.send(new CancelJobRunCommand({ ...ids, shutdownGracePeriodInSeconds: 15 })),
    ).toMatchObject(ids);
    const { jobRun } = await client.send(new GetJobRunCommand({ ...ids, attempt: 1 }));
    expect(jobRun?.state).toBe('CANCELLING');
    const { jobRunAttempts } = await client.send(new ListJobRunAttemptsCommand(ids));
    expect(jobRunAttempts).toMatchObject([{ attempt: 1, state: 'CANCELLING', createdAt: expect.any(Date) }]);
    const { application } = await client.send(new GetApplicationCommand({ applicationId }));
    expect(application).toMatchObject({ applicationId, state: 'STARTED', releaseLabel: 'emr-7.10.0' });
    const { applications } = await client.send(new ListApplicationsCommand({}));
    expect(applications).toMatchObject([{ id: applicationId, name: 'streams' }]);
  });
});

describe('EMR Serverless on loopback, when something is wrong', () => {
  it('answers errors with the names and codes of the service', async () => {
    await start();
    const failing = (sent: Promise<unknown>) => sent.catch((error: unknown) => error);
    const ids = { applicationId: context.applicationId, jobRunId: '00unknown' };
    const found = [
      await failing(start({ name: 'other' })),
      await failing(start({ clientToken: 'new', executionTimeoutMinutes: 10 })),
      await failing(client.send(new GetJobRunCommand(ids))),
      await failing(client.send(new CancelJobRunCommand({ ...ids, shutdownGracePeriodInSeconds: 3 }))),
    ];
    expect(found).toMatchObject([
      {
        name: 'ConflictException',
        $metadata: { httpStatusCode: 409 },
        message: expect.stringContaining('client token'),
      },
      { name: 'ValidationException', $metadata: { httpStatusCode: 400 } },
      { name: 'ResourceNotFoundException', $metadata: { httpStatusCode: 404 } },
      { name: 'ResourceNotFoundException' },
    ]);
    for (let count = 0; count < 24; count += 1) await failing(start());
    expect(await failing(start())).toMatchObject({
      name: 'ThrottlingException',
      $metadata: { httpStatusCode: 400 },
    });
  });

  it('refuses what was signed more than 15 minutes of world time ago', async () => {
    await context.runFor(16);
    await expect(start()).rejects.toMatchObject({
      name: 'InvalidSignatureException',
      $metadata: { httpStatusCode: 403 },
      message: expect.stringContaining('Signature expired'),
    });
    expect(context.world.journal.ofKind('start-accepted')).toEqual([]);
  });

  it('fails on demand before or after the effect', async () => {
    client.destroy();
    await server.close();
    let fault: 'throttle' | 'internal-error' | 'reset-after' = 'throttle';
    const asked: unknown[] = [];
    await serve({
      fault: (call) => {
        asked.push(call);
        return { kind: fault };
      },
    });
    await expect(start()).rejects.toMatchObject({ name: 'ThrottlingException' });
    fault = 'internal-error';
    await expect(start()).rejects.toMatchObject({
      name: 'InternalServerException',
      $metadata: { httpStatusCode: 500 },
    });
    expect(context.world.journal.ofKind('start-accepted')).toEqual([]);
    fault = 'reset-after';
    await expect(start()).rejects.toThrow();
    expect(context.world.journal.ofKind('start-accepted')).toHaveLength(1);
    expect(asked[0]).toMatchObject({ service: 'emr-serverless', operation: 'StartJobRun' });
  });

  it('answers an unknown path and a broken body without falling over', async () => {
    const unknown = await fetch(`${server.url}/applications/x/sessions`);
    expect([unknown.status, unknown.headers.get('x-amzn-errortype')]).toEqual([
      404,
      'UnknownOperationException',
    ]);
    const broken = await fetch(`${server.url}/applications/${context.applicationId}/jobruns`, {
      method: 'POST',
      body: '{',
    });
    expect([broken.status, broken.headers.get('x-amzn-errortype')]).toEqual([400, 'SerializationException']);
  });
});
