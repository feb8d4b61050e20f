import { describe, expect, it } from 'vitest';
import type { AwsClientOptions } from '../../src/aws/clients.ts';
import { EmrServerlessJobRuns } from '../../src/aws/emr-serverless-job-runs.ts';
import type { LaunchRequest } from '../../src/core/launch-request.ts';
import {
  clientsOf,
  failing,
  type ScriptedServer,
  type Step,
  scripted,
  signedAtMs,
} from './scripted-server.ts';

const request: LaunchRequest = {
  applicationId: '00app',
  executionRoleArn: 'arn:aws:iam::111122223333:role/job',
  name: 'orders',
  mode: 'STREAMING',
  jobDriver: { sparkSubmit: { entryPoint: 's3://code/orders.py', entryPointArguments: ['--x', '1'] } },
  configurationOverrides: {
    applicationConfiguration: [{ classification: 'spark-defaults', properties: { a: 'b' } }],
  },
  retryPolicy: { maxFailedAttemptsPerHour: 3 },
  tags: { team: 'shop' },
};
const accepted: Step = { status: 200, body: { applicationId: '00app', jobRunId: '00run', arn: 'arn' } };
const throttle = failing('ThrottlingException');
const expired = failing('InvalidSignatureException', {
  status: 403,
  message: 'Signature expired: 20260101T000000Z is now earlier than …',
});

function runsAt(server: ScriptedServer, options: Partial<AwsClientOptions> = {}, abortAfterMs = 10_000) {
  return new EmrServerlessJobRuns(clientsOf(server, options).emrServerless, { abortAfterMs });
}

function startAt(
  server: ScriptedServer,
  options: { retries?: 'none' | 'standard'; notAfterMs?: number; abortAfterMs?: number } = {},
) {
  const { retries = 'none', notAfterMs = Date.now() + 60_000, abortAfterMs } = options;
  return runsAt(server, { retries }, abortAfterMs).start(request, { clientToken: 'token-1', notAfterMs });
}

describe('what is sent', () => {
  it('passes the stored request on as it is, with the token of the claim', async () => {
    const server = await scripted(accepted);
    expect(await startAt(server)).toEqual({ kind: 'accepted', jobRunId: '00run' });
    const { applicationId, ...body } = request;
    expect(server.requests[0]).toMatchObject({
      method: 'POST',
      path: `/applications/${applicationId}/jobruns`,
    });
    expect(JSON.parse(server.requests[0]?.body ?? '')).toEqual({ ...body, clientToken: 'token-1' });
  });

  it('sends no empty name, and keeps fields that only the service knows', async () => {
    const server = await scripted(accepted);
    const odd = { ...request, name: '', mode: 'BATCH', executionTimeoutMinutes: 90 } as LaunchRequest;
    await runsAt(server).start(odd, { clientToken: 't', notAfterMs: Date.now() + 60_000 });
    const sent = JSON.parse(server.requests[0]?.body ?? '');
    expect(sent).toMatchObject({ executionTimeoutMinutes: 90 });
    expect(sent).not.toHaveProperty('name');
  });

  it('sends the same token with each attempt of the SDK', async () => {
    const server = await scripted(failing('InternalServerException', { status: 500 }), 'reset', accepted);
    expect(await startAt(server, { retries: 'standard' })).toEqual({ kind: 'accepted', jobRunId: '00run' });
    expect(server.requests.map((one) => JSON.parse(one.body).clientToken)).toEqual([
      'token-1',
      'token-1',
      'token-1',
    ]);
  });
});

describe('what an answer means', () => {
  it('is told without the secrets of the request that it quotes', async () => {
    const message =
      "1 validation error: Value '[--db-password, hunter2, --x]' at 'entryPointArguments', --token=swordfish";
    const answer = await startAt(await scripted(failing('ValidationException', { message })));
    expect(answer).toMatchObject({ kind: 'refused', message: expect.stringContaining('validation error') });
    expect(JSON.stringify(answer)).not.toMatch(/hunter2|swordfish/);
  });

  it.each([
    ['ThrottlingException', 400, 'not-now'],
    ['ThrottlingException', 503, 'not-now'],
    ['TooManyRequestsException', 429, 'not-now'],
    ['ServiceQuotaExceededException', 402, 'not-now'],
    ['ConflictException', 409, 'not-now'],
    ['ExpiredTokenException', 403, 'not-now'],
    ['ValidationException', 400, 'refused'],
    ['ResourceNotFoundException', 404, 'refused'],
    ['AccessDeniedException', 403, 'refused'],
    ['UnrecognizedClientException', 403, 'refused'],
    ['InternalServerException', 500, 'ambiguous'],
    ['ServiceUnavailableException', 503, 'ambiguous'],
    ['SomethingNewException', 400, 'ambiguous'],
  ])('%s with status %i is %s', async (name, status, kind) => {
    const server = await scripted(failing(name, { status }));
    const answer = await startAt(server);
    expect(answer.kind).toBe(kind);
    if (answer.kind === 'refused') expect(answer).toMatchObject({ code: name, message: `scripted ${name}` });
  });

  it('is too late when AWS says that the signature expired', async () => {
    expect(await startAt(await scripted(expired))).toEqual({ kind: 'too-late' });
  });

  it('is ambiguous when the connection breaks, hangs, or answers what cannot be read', async () => {
    const garbage: Step = { status: 200, body: '<html>proxy</html>' };
    const noRunId: Step = { status: 200, body: { applicationId: '00app' } };
    for (const step of ['reset', 'hang', garbage, noRunId] as const) {
      expect((await startAt(await scripted(step))).kind).toBe('ambiguous');
    }
  });

  it('gives up after its own limit, whatever the SDK would still try', async () => {
    const server = await scripted('hang');
    const beganMs = Date.now();
    const answer = await startAt(server, { retries: 'standard', abortAfterMs: 100 });
    expect(answer.kind).toBe('ambiguous');
    expect(Date.now() - beganMs).toBeLessThan(2_000);
    expect(server.requests).toHaveLength(1);
  });

  it('is not now when no credentials were to be had, because nothing was sent', async () => {
    const server = await scripted(accepted);
    const clients = clientsOf(server);
    clients.emrServerless.config.credentials = () => Promise.reject(new Error('no role'));
    const runs = new EmrServerlessJobRuns(clients.emrServerless);
    const answer = await runs.start(request, { clientToken: 't', notAfterMs: Date.now() + 60_000 });
    expect(answer).toMatchObject({ kind: 'not-now', message: expect.stringContaining('no role') });
    expect(server.requests).toHaveLength(0);
  });
});

describe('several attempts in one call', () => {
  it.each<[string, Step[]]>([
    ['a time-out, then a throttle', ['hang', throttle]],
    ['a lost connection, then a refusal', ['reset', failing('ValidationException')]],
    ['a 500, then an expired signature', [failing('InternalServerException', { status: 500 }), expired]],
    [
      'a 500, then a conflict',
      [failing('InternalServerException', { status: 500 }), failing('ConflictException', { status: 409 })],
    ],
  ])('stays ambiguous after %s, because the first may have been accepted', async (_case, steps) => {
    expect((await startAt(await scripted(...steps), { retries: 'standard' })).kind).toBe('ambiguous');
  });

  it('is not now when each of them was throttled', async () => {
    const server = await scripted(throttle);
    expect((await startAt(server, { retries: 'standard' })).kind).toBe('not-now');
    expect(server.requests).toHaveLength(3);
  });

  it('is accepted when the last one was', async () => {
    const server = await scripted('hang', throttle, accepted);
    expect(await startAt(server, { retries: 'standard' })).toEqual({ kind: 'accepted', jobRunId: '00run' });
  });
});

describe('the deadline', () => {
  it('sends nothing that is signed after it', async () => {
    const server = await scripted(accepted);
    expect(await startAt(server, { notAfterMs: Date.now() - 2_000 })).toEqual({ kind: 'too-late' });
    expect(server.requests).toHaveLength(0);
  });

  it('stops a retry of the SDK, and is ambiguous then', async () => {
    const server = await scripted(
      failing('InternalServerException', { status: 500, dateMs: Date.now() + 3_600_000 }),
    );
    const clients = clientsOf(server);
    const runs = new EmrServerlessJobRuns(clients.emrServerless);
    // The Date of the first answer, an hour ahead, moves the clock of the SDK past the deadline.
    const answer = await runs.start(request, { clientToken: 't', notAfterMs: Date.now() + 60_000 });
    expect(answer.kind).toBe('ambiguous');
    expect(server.requests).toHaveLength(1);
  });

  it('stops the retry that follows an expired signature, when the SDK has corrected its clock', async () => {
    const hourAheadMs = Date.now() + 3_600_000;
    const server = await scripted({ ...expired, dateMs: hourAheadMs }, accepted);
    expect(await startAt(server, { retries: 'standard' })).toEqual({ kind: 'too-late' });
    expect(server.requests).toHaveLength(1);
  });

  it('lets the corrected retry through while there is time', async () => {
    const hourAheadMs = Date.now() + 3_600_000;
    const server = await scripted({ ...expired, dateMs: hourAheadMs }, accepted);
    const answer = await startAt(server, { retries: 'standard', notAfterMs: hourAheadMs + 60_000 });
    expect(answer).toEqual({ kind: 'accepted', jobRunId: '00run' });
    expect(signedAtMs(server.requests[0])).toBeLessThan(Date.now() + 60_000);
    expect(signedAtMs(server.requests[1])).toBeGreaterThan(hourAheadMs - 60_000);
  });
});
