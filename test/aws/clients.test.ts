import { GetJobRunCommand } from '@aws-sdk/client-emr-serverless';
import { GetObjectCommand, ListObjectsV2Command, PutObjectCommand } from '@aws-sdk/client-s3';
import { ListQueuesCommand } from '@aws-sdk/client-sqs';
import { GetCommand } from '@aws-sdk/lib-dynamodb';
import { describe, expect, it } from 'vitest';
import type { AwsClients } from '../../src/aws/clients.ts';
import { toFailure } from '../../src/aws/failures.ts';
import { clientsOf, failing, scripted, signedAtMs } from './scripted-server.ts';

const calls: Record<string, (clients: AwsClients) => Promise<unknown>> = {
  'EMR Serverless': ({ emrServerless }) =>
    emrServerless.send(new GetJobRunCommand({ applicationId: 'a', jobRunId: 'r' })),
  DynamoDB: ({ dynamodb }) => dynamodb.send(new GetCommand({ TableName: 't', Key: { pk: 'a', sk: 'b' } })),
  SQS: ({ sqs }) => sqs.send(new ListQueuesCommand({})),
  S3: ({ s3 }) => s3.send(new PutObjectCommand({ Bucket: 'b', Key: 'k', Body: 'x' })),
};

const listed = ({ s3 }: AwsClients) => s3.send(new ListObjectsV2Command({ Bucket: 'b' }));

describe('in virtual time', () => {
  const startMs = Date.parse('2031-05-06T07:08:09Z');

  it.each(Object.keys(calls))('signs each attempt for %s with the time at that attempt', async (service) => {
    let nowMs = startMs;
    const clock = { now: () => nowMs, sleep: async () => {} };
    const busy = failing('InternalServerException', { status: 500 });
    const server = await scripted(busy, { status: 200, body: service === 'S3' ? '' : {} });
    const clients = clientsOf(server, { clock });
    const sent = calls[service]?.(clients);
    while (server.requests.length === 0) await new Promise(setImmediate);
    nowMs += 60_000;
    await sent;
    expect(server.requests.map(signedAtMs)).toEqual([startMs, startMs + 60_000]);
  });

  it('does not take the years between the clocks for a skew that makes every error worth a retry', async () => {
    const clock = { now: () => startMs, sleep: async () => {} };
    const server = await scripted(failing('ValidationException', { dateMs: startMs }));
    await expect(calls['EMR Serverless']?.(clientsOf(server, { clock }))).rejects.toThrow(
      'ValidationException',
    );
    expect(server.requests).toHaveLength(1);
  });
});

describe('on the clock of the machine', () => {
  it.each(Object.keys(calls))('ends a request to %s that is not answered in time', async (service) => {
    const server = await scripted('hang');
    const beganMs = Date.now();
    const clients = clientsOf(server, { retries: 'none' });
    await expect(calls[service]?.(clients)).rejects.toMatchObject({ name: 'TimeoutError' });
    expect(Date.now() - beganMs).toBeLessThan(2_000);
    expect(server.requests).toHaveLength(1);
  });

  it.each(Object.keys(calls))('ends an answer of %s that stalls in its body', async (service) => {
    // Of an upload the body is not read, so that one waits for a listing.
    const call = service === 'S3' ? listed : calls[service];
    const server = await scripted({ status: 200, body: service === 'S3' ? '<List' : '{', endless: 'stalls' });
    const beganMs = Date.now();
    const failure = await call?.(clientsOf(server, { retries: 'none' })).catch(toFailure);
    expect(failure).toMatchObject({ ok: false, code: 'unavailable' });
    expect(Date.now() - beganMs).toBeLessThan(2_000);
  });

  it('makes three attempts by default and one when told so', async () => {
    const busy = failing('InternalServerException', { status: 500 });
    const [many, one] = [await scripted(busy), await scripted(busy)];
    await expect(calls['EMR Serverless']?.(clientsOf(many))).rejects.toThrow();
    await expect(calls['EMR Serverless']?.(clientsOf(one, { retries: 'none' }))).rejects.toThrow();
    expect([many.requests.length, one.requests.length]).toEqual([3, 1]);
  });

  it('names a bucket in the path when the endpoint is its own', async () => {
    const server = await scripted({ status: 200, body: 'x' });
    await clientsOf(server).s3.send(new GetObjectCommand({ Bucket: 'control', Key: 'a/b' }));
    expect(server.requests[0]?.path).toMatch(/^\/control\/a\/b/);
  });
});
