import { describe, expect, it } from 'vitest';
import { EmrServerlessJobRuns } from '../../src/aws/emr-serverless-job-runs.ts';
import { clientsOf, failing, type ScriptedServer, scripted } from './scripted-server.ts';

const createdAt = 1_795_000_000;
const wireRun = {
  applicationId: '00app',
  jobRunId: '00run',
  arn: 'arn:aws:emr-serverless:us-east-1:111122223333:/applications/00app/jobruns/00run',
  name: 'orders',
  createdBy: 'arn:aws:sts::111122223333:assumed-role/deploy/x',
  createdAt,
  updatedAt: createdAt + 60,
  startedAt: createdAt + 30,
  executionRole: 'arn:aws:iam::111122223333:role/job',
  state: 'RUNNING',
  stateDetails: '',
  releaseLabel: 'emr-7.9.0',
  mode: 'STREAMING',
  executionTimeoutMinutes: 0,
  totalExecutionDurationSeconds: 12,
  retryPolicy: { maxAttempts: 1, maxFailedAttemptsPerHour: 3 },
  configurationOverrides: {
    monitoringConfiguration: { s3MonitoringConfiguration: { logUri: 's3://logs/' } },
  },
  jobDriver: {
    sparkSubmit: {
      entryPoint: 's3://code/orders.py',
      entryPointArguments: ['a'],
      sparkSubmitParameters: '--conf a=b',
    },
  },
  tags: { 'checkpilot:job': 'orders' },
  attempt: 2,
};
const wireSummary = { ...wireRun, id: '00run', type: 'SPARK' };

function runsAt(server: ScriptedServer) {
  return new EmrServerlessJobRuns(clientsOf(server, { retries: 'none' }).emrServerless);
}

async function getWith(changes: object) {
  return runsAt(await scripted({ status: 200, body: { jobRun: { ...wireRun, ...changes } } })).get(
    '00app',
    '00run',
  );
}

describe('get', () => {
  it('makes secrets in the state details unreadable before anybody keeps them', async () => {
    const stateDetails =
      'Job failed. ExitCode: 1. jdbc:postgresql://etl:hunter2@db/x password=swordfish AKIAIOSFODNN7EXAMPLE';
    const run = await getWith({ stateDetails });
    const told = run.ok ? run.value.stateDetails : '';
    expect(told).toContain('Job failed. ExitCode: 1.');
    for (const secret of ['hunter2', 'swordfish', 'AKIAIOSFODNN7EXAMPLE']) expect(told).not.toContain(secret);
  });

  it('tells a run in milliseconds, with the request that would start it again', async () => {
    expect(await getWith({})).toStrictEqual({
      ok: true,
      value: {
        jobRunId: '00run',
        applicationId: '00app',
        name: 'orders',
        state: 'RUNNING',
        stateDetails: '',
        createdAtMs: createdAt * 1000,
        updatedAtMs: (createdAt + 60) * 1000,
        startedAtMs: (createdAt + 30) * 1000,
        attempt: 2,
        mode: 'STREAMING',
        durationMs: 12_000,
        createdBy: wireRun.createdBy,
        tags: wireRun.tags,
        request: {
          applicationId: '00app',
          executionRoleArn: wireRun.executionRole,
          name: 'orders',
          mode: 'STREAMING',
          jobDriver: wireRun.jobDriver,
          configurationOverrides: wireRun.configurationOverrides,
          retryPolicy: { maxFailedAttemptsPerHour: 3 },
          tags: wireRun.tags,
        },
      },
    });
  });

  it('keeps the time-out and the attempts of a batch run, which its start takes', async () => {
    const run = await getWith({
      mode: 'BATCH',
      executionTimeoutMinutes: 720,
      retryPolicy: { maxAttempts: 2 },
    });
    expect(run).toMatchObject({
      value: {
        executionTimeoutMs: 720 * 60_000,
        request: { mode: 'BATCH', executionTimeoutMinutes: 720, retryPolicy: { maxAttempts: 2 } },
      },
    });
  });

  it('reads a run without name, tags, mode and details', async () => {
    const run = await getWith({ name: undefined, tags: undefined, mode: undefined, stateDetails: undefined });
    expect(run).toMatchObject({ ok: true, value: { name: '', tags: {}, request: { mode: 'BATCH' } } });
  });

  it('says unrecognised for a state that is not known, which is not terminal', async () => {
    expect(await getWith({ state: 'HIBERNATING' })).toMatchObject({
      ok: true,
      value: { state: 'UNRECOGNISED' },
    });
  });
});

describe('a get that fails', () => {
  it.each([
    'jobRunId',
    'applicationId',
    'state',
    'createdAt',
    'updatedAt',
    'createdBy',
    'executionRole',
    'jobDriver',
  ])('is malformed without %s and says so', async (field) => {
    expect(await getWith({ [field]: undefined })).toMatchObject({
      ok: false,
      code: 'malformed',
      message: expect.stringContaining(`jobRun.${field}`),
    });
  });

  it.each([
    ['ResourceNotFoundException', 404, 'not-found'],
    ['ThrottlingException', 400, 'throttled'],
    ['AccessDeniedException', 403, 'denied'],
    ['ValidationException', 400, 'malformed'],
    ['InternalServerException', 500, 'unavailable'],
  ])('answers %s with status %i as %s', async (name, status, code) => {
    const answer = await runsAt(await scripted(failing(name, { status }))).get('00app', '00run');
    expect(answer).toMatchObject({ ok: false, code, message: expect.stringContaining(name) });
  });

  it('is unavailable when the connection hangs or breaks, and malformed when the answer is no JSON', async () => {
    expect(await runsAt(await scripted('hang')).get('a', 'r')).toMatchObject({ code: 'unavailable' });
    expect(await runsAt(await scripted('reset')).get('a', 'r')).toMatchObject({ code: 'unavailable' });
    const html = await scripted({ status: 200, body: '<html>' });
    expect(await runsAt(html).get('a', 'r')).toMatchObject({ code: 'malformed' });
  });
});

describe('list', () => {
  it('asks for one page of fifty and tells the date of the answer', async () => {
    const dateMs = Date.parse('2026-01-01T00:00:07Z');
    const server = await scripted({
      status: 200,
      body: { jobRuns: [wireSummary], nextToken: 'more' },
      dateMs,
    });
    const page = await runsAt(server).list('00app', {
      states: ['RUNNING', 'QUEUED'],
      createdAtAfterMs: createdAt * 1000,
      nextToken: 'from',
    });
    const run = {
      jobRunId: '00run',
      name: 'orders',
      state: 'RUNNING',
      createdAtMs: createdAt * 1000,
      createdBy: wireRun.createdBy,
    };
    expect(page).toStrictEqual({ ok: true, value: { runs: [run], nextToken: 'more', dateMs } });
    const query = new URL(server.requests[0]?.path ?? '', server.url).searchParams;
    expect(query.get('maxResults')).toBe('50');
    expect(query.getAll('states')).toEqual(['RUNNING', 'QUEUED']);
    expect(Date.parse(query.get('createdAtAfter') ?? '')).toBe(createdAt * 1000);
    expect(query.get('nextToken')).toBe('from');
  });

  it('has no next token on the last page', async () => {
    const page = await runsAt(await scripted({ status: 200, body: { jobRuns: [] } })).list('00app', {});
    expect(page.ok && Object.keys(page.value)).toEqual(['runs', 'dateMs']);
  });

  it('is malformed without a Date header, without the list, and when one run lacks its id', async () => {
    const answers = [
      { body: { jobRuns: [] }, dateMs: 'none' as const, said: 'Date header' },
      { body: {}, said: 'jobRuns' },
      { body: { jobRuns: [wireSummary, { ...wireSummary, id: undefined }] }, said: 'jobRuns.1.id' },
    ];
    for (const { said, ...answer } of answers) {
      const page = await runsAt(await scripted({ status: 200, ...answer })).list('00app', {});
      expect(page).toMatchObject({ ok: false, code: 'malformed', message: expect.stringContaining(said) });
    }
  });
});

describe('cancel', () => {
  const cancelAt = (server: ScriptedServer, notAfterMs = Date.now() + 60_000) =>
    runsAt(server).cancel('00app', '00run', { graceSeconds: 120, notAfterMs });

  it('names the run and the grace period', async () => {
    const server = await scripted({ status: 200, body: { applicationId: '00app', jobRunId: '00run' } });
    expect(await cancelAt(server)).toEqual({ kind: 'accepted' });
    expect(server.requests[0]).toMatchObject({
      method: 'DELETE',
      path: '/applications/00app/jobruns/00run?shutdownGracePeriodInSeconds=120',
    });
  });

  it.each([
    ['ConflictException', 409, 'refused'],
    ['ValidationException', 400, 'refused'],
    ['ResourceNotFoundException', 404, 'refused'],
    ['ThrottlingException', 400, 'not-now'],
    ['InternalServerException', 500, 'ambiguous'],
  ])('is told %s with status %i: %s', async (name, status, kind) => {
    const answer = await cancelAt(await scripted(failing(name, { status })));
    expect(answer).toMatchObject(kind === 'refused' ? { kind, code: name } : { kind });
  });

  it('sends nothing after its deadline', async () => {
    const server = await scripted({ status: 200, body: {} });
    expect(await cancelAt(server, Date.now() - 2_000)).toEqual({ kind: 'too-late' });
    expect(server.requests).toHaveLength(0);
  });
});
