import { describe, expect, it } from 'vitest';
import type { ServiceEvent } from '../../src/world/emr-events.ts';
import { createWorld, type TestWorldOptions, us } from './support.ts';

const MICROSECONDS = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/;

function listening(options: TestWorldOptions = {}) {
  const context = createWorld(options);
  const events: ServiceEvent[] = [];
  const receivedAtMs: number[] = [];
  context.world.emr.onEvent((event) => {
    events.push(event);
    receivedAtMs.push(context.time.now());
  });
  return { ...context, events, receivedAtMs };
}

describe('the events of EMR Serverless', () => {
  it('have exactly the documented fields of a state change', async () => {
    const { applicationId, events, start, runFor } = listening();
    const id = start();
    await runFor(5);
    const running = events.find(({ detail }) => detail.state === 'RUNNING');
    expect(running).toEqual({
      version: '0',
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      'detail-type': 'EMR Serverless Job Run State Change',
      source: 'aws.emr-serverless',
      account: '111122223333',
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
      region: 'us-east-1',
      resources: [],
      detail: {
        jobRunId: id,
        applicationId,
        arn: `arn:aws:emr-serverless:us-east-1:111122223333:/applications/${applicationId}/jobruns/${id}`,
        releaseLabel: 'emr-7.10.0',
        state: 'RUNNING',
        previousState: 'SCHEDULED',
        createdBy: us.arn,
        updatedAt: expect.stringMatching(MICROSECONDS),
        createdAt: '2026-11-22T20:00:00.000000Z',
      },
    });
  });

  it('have exactly the documented fields of a retry', async () => {
    const { world, applicationId, events, get, start, runFor } = listening();
    world.script('orders', { dieAt: [{ cause: 'worker-lost', afterBatches: 1 }] });
    const id = start({ retryPolicy: { maxFailedAttemptsPerHour: 3 } });
    await runFor(15);
    const [retry, ...others] = events.filter(
      (event) => event['detail-type'] === 'EMR Serverless Job Run Retry',
    );
    expect(others).toEqual([]);
    const endedAt = new Date(get(id, 1).endedAt ?? 0).toISOString().replace('Z', '000Z');
    expect(retry?.detail).toEqual({
      jobRunId: id,
      applicationId,
      arn: get(id).arn,
      releaseLabel: 'emr-7.10.0',
      createdBy: us.arn,
      updatedAt: endedAt,
      createdAt: '2026-11-22T20:00:00.000000Z',
      previousAttempt: 1,
      previousAttemptState: 'FAILED',
      previousAttemptCreatedAt: '2026-11-22T20:00:00.000000Z',
      previousAttemptEndedAt: endedAt,
      newAttempt: 2,
      newAttemptCreatedAt: endedAt,
    });
  });
});

describe('the delivery of events', () => {
  it('takes some time', async () => {
    const { events, receivedAtMs, start, runFor } = listening();
    start();
    await runFor(5);
    for (const [index, { detail }] of events.entries()) {
      expect(receivedAtMs[index]).toBeGreaterThan(Date.parse(String(detail.updatedAt)));
    }
  });

  it('can lose, double or delay each one', async () => {
    const { world, events, receivedAtMs, start, runFor } = listening();
    world.emr.eventFate = ({ detail }) => {
      if (detail.state === 'PENDING') return 'lose';
      if (detail.state === 'SCHEDULED') return 'double';
      return { delayMs: 3_600_000 };
    };
    start();
    await runFor(5);
    expect(events.map(({ detail }) => detail.state)).toEqual(['SCHEDULED', 'SCHEDULED']);
    expect(events[0]?.id).toBe(events[1]?.id);
    await runFor(60);
    expect(events.at(-1)?.detail.state).toBe('RUNNING');
    expect(receivedAtMs.at(-1)).toBe(Date.parse(String(events.at(-1)?.detail.updatedAt)) + 3_600_000);
  });

  it('follows the probabilities of the world when nobody decides', async () => {
    const lossy = listening({ parameters: { eventLossProbability: 1 } });
    lossy.start();
    await lossy.runFor(5);
    expect(lossy.events).toEqual([]);
    const doubling = listening({ parameters: { eventDoubleProbability: 1 } });
    doubling.start();
    await doubling.runFor(5);
    expect(doubling.events).toHaveLength(6);
  });
});
