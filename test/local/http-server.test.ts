import { Agent, request as httpRequest, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import {
  type Fault,
  type LocalRequest,
  type ServerOptions,
  startServer,
} from '../../src/local/http-server.ts';
import { ManualClock, started } from './clients.ts';

function serve(options: Partial<ServerOptions> = {}) {
  return started(
    startServer({
      name: 'echo',
      clock: new ManualClock(),
      handle: async (request) => ({ status: 200, body: `${request.method} ${request.path}` }),
      operationOf: (request) => request.path.slice(1),
      errorResponse: (kind, message) => ({ status: kind === 'throttle' ? 429 : 500, body: message ?? kind }),
      ...options,
    }),
  );
}

describe('the local HTTP server', () => {
  it('takes the Date header from its clock', async () => {
    const clock = new ManualClock();
    const { url } = await serve({ clock });
    clock.advance(90_000);

    const response = await fetch(url);

    expect(response.headers.get('date')).toBe('Thu, 01 Jan 2026 00:01:30 GMT');
  });

  it('numbers its answers', async () => {
    const { url } = await serve();

    const ids = [await fetch(url), await fetch(url)].map((response) =>
      response.headers.get('x-amzn-requestid'),
    );

    expect(ids).toEqual(['echo-1', 'echo-2']);
  });

  it('holds time from the arrival of a request to the end of its answer', async () => {
    const seen: string[] = [];
    const { url } = await serve({
      hold: () => {
        seen.push('held');
        return () => seen.push('released');
      },
      handle: async () => {
        seen.push('handled');
        return { status: 204 };
      },
    });

    await fetch(url);

    await expect.poll(() => seen).toEqual(['held', 'handled', 'released']);
  });

  it('hands the path on as it was sent', async () => {
    const paths: string[] = [];
    const { url } = await serve({
      handle: async ({ path, query }: LocalRequest) => {
        paths.push(path, query.get('q') ?? '');
        return { status: 200 };
      },
    });

    await new Promise<void>((resolve) => {
      const { hostname, port } = new URL(url);
      const sent = httpRequest({ hostname, port, path: '/a/../b//%2B?q=1%2B2%20' }, (response) => {
        response.resume().once('end', resolve);
      });
      sent.end();
    });

    expect(paths).toEqual(['/a/../b//%2B', '1+2 ']);
  });
});

describe('what goes wrong on the local HTTP server', () => {
  it('answers a failing handler with an internal error that says why', async () => {
    const { url } = await serve({ handle: () => Promise.reject(new Error('the handler slipped')) });

    const response = await fetch(url);

    expect({ status: response.status, text: await response.text() }).toEqual({
      status: 500,
      text: 'the handler slipped',
    });
  });

  it.each([
    { kind: 'throttle', status: 429 },
    { kind: 'internal-error', status: 500 },
  ] as const)('answers an injected $kind without running the handler', async ({ kind, status }) => {
    let handled = 0;
    const { url } = await serve({
      fault: () => ({ kind }),
      handle: async () => ({ status: 200 + handled++ }),
    });

    const response = await fetch(url);

    expect({ status: response.status, handled }).toEqual({ status, handled: 0 });
  });

  it.each([
    { kind: 'reset-before', effects: 0 },
    { kind: 'reset-after', effects: 1 },
  ] as const)('cuts the connection on $kind, with $effects effects, and releases its hold', async (fault) => {
    let handled = 0;
    let held = 0;
    const { url } = await serve({
      fault: (): Fault => ({ kind: fault.kind }),
      hold: () => {
        held += 1;
        return () => {
          held -= 1;
        };
      },
      handle: async () => ({ status: 200 + handled++ }),
    });

    await expect(fetch(url)).rejects.toThrow('fetch failed');

    expect(handled).toBe(fault.effects);
    await expect.poll(() => held).toBe(0);
  });

  it('asks for a fault with the service and the operation', async () => {
    const calls: unknown[] = [];
    const { url } = await serve({
      fault: (call) => {
        calls.push(call);
        return undefined;
      },
    });

    await fetch(`${url}/PutItem`);

    expect(calls).toMatchObject([{ service: 'echo', operation: 'PutItem' }]);
  });
});

describe('closing the local HTTP server', () => {
  // With a time-out the header names it, and a process busy for longer loses the request that it sends next.
  it('never closes an idle connection by itself, however busy the process is', async () => {
    const { url } = await serve();

    const answer = await new Promise<IncomingMessage>((resolve, reject) => {
      const agent = new Agent({ keepAlive: true });
      httpRequest(url, { agent }, (response) => resolve(response.resume()))
        .on('error', reject)
        .end();
    });

    expect(answer.headers).toMatchObject({ connection: 'keep-alive' });
    expect(answer.headers).not.toHaveProperty('keep-alive');
  });

  it('ends kept-alive connections and unanswered requests when it closes', async () => {
    const server = await startServer({
      name: 'silent',
      clock: new ManualClock(),
      handle: () => new Promise(() => {}),
      operationOf: () => 'Wait',
      errorResponse: () => ({ status: 500 }),
    });
    const unanswered = fetch(server.url).catch(() => 'cut');

    const socket = connect(Number(new URL(server.url).port), '127.0.0.1');
    await new Promise((resolve) => socket.once('connect', resolve));
    socket.on('error', () => {});
    const ended = new Promise((resolve) => socket.once('close', () => resolve('ended')));
    await server.close();

    expect(await Promise.all([unanswered, ended])).toEqual(['cut', 'ended']);
  });
});
