import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';

// The largest request our adapters send is a DynamoDB transaction (4 MB) or a stored launch; far below this.
const requestBytesMax = 64 * 1024 * 1024;

/** Where a server's time comes from: epoch milliseconds, virtual or real. */
export interface Clock {
  now(): number;
}

/** `path` is as sent, still percent-encoded; `query` is decoded; header names are lower case. */
export interface LocalRequest {
  method: string;
  path: string;
  query: URLSearchParams;
  headers: Record<string, string>;
  body: Buffer;
}

export interface LocalResponse {
  status: number;
  headers?: Record<string, string>;
  body?: string | Buffer;
}

/** `reset-before` cuts the connection with no effect, `reset-after` once the effect has taken place. */
export type Fault =
  | { kind: 'throttle' }
  | { kind: 'internal-error' }
  | { kind: 'denied'; why?: string }
  | { kind: 'reset-before' }
  | { kind: 'reset-after' };

export type ErrorKind = 'throttle' | 'internal-error' | 'request-too-large' | 'denied';

/** A call as a fault or a set of rights can judge it. */
export interface LocalCall {
  readonly service: string;
  readonly operation: string;
  /** The access key that signed it; in the local stack it is the name of the function. */
  readonly caller: string | undefined;
  readonly request: LocalRequest;
}

/** What every local server takes from the one who starts it. */
export interface ServerHooks {
  clock: Clock;
  /** Called when a request arrives; what it returns is called when the exchange has ended, however it ended. */
  hold?: (() => () => void) | undefined;
  /** Asked once for every request, before any effect. */
  fault?: ((call: LocalCall) => Fault | undefined) | undefined;
}

export interface ServerOptions extends ServerHooks {
  /** The service name that `fault` sees. */
  name: string;
  handle(request: LocalRequest): Promise<LocalResponse>;
  /** Must not throw, whatever was sent. */
  operationOf(request: LocalRequest): string;
  /** Words an error in the protocol of the service; `message` is there for what the server itself got wrong. */
  errorResponse(kind: ErrorKind, message?: string): LocalResponse;
}

export interface RunningServer {
  /** `http://127.0.0.1:PORT`, without a slash at the end. */
  url: string;
  /** Ends kept-alive and unfinished connections too. */
  close(): Promise<void>;
}

/**
 * Serves one service on a free port of 127.0.0.1. Every response carries a `Date` made from `clock`, because
 * the adapters take AWS's time from there, and a request id that counts up.
 */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  let requests = 0;
  const server = createServer((incoming, outgoing) => {
    requests += 1;
    const requestId = `${options.name}-${requests}`;
    const release = options.hold?.() ?? (() => {});
    outgoing.once('close', release);
    serve(options, incoming, outgoing, requestId).catch(() => incoming.socket.destroy());
  });
  // Clients are in this process: while it is busy, a time-out would close a connection that a client is about to use.
  server.keepAliveTimeout = 0;
  await listen(server);
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error(`${options.name} has no port`);
  return {
    url: `http://127.0.0.1:${address.port}`,
    close: () =>
      new Promise((resolve, reject) => {
        server.close((error) => (error ? reject(error) : resolve()));
        server.closeAllConnections();
      }),
  };
}

async function serve(
  options: ServerOptions,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  requestId: string,
): Promise<void> {
  outgoing.sendDate = false;
  const answer = (response: LocalResponse) => send(outgoing, response, options.clock, requestId);
  const body = await readBody(incoming);
  if (body === undefined) return answer(options.errorResponse('request-too-large'));

  const request = toRequest(incoming, body);
  const fault = options.fault?.({
    service: options.name,
    operation: options.operationOf(request),
    caller: accessKeyOf(request.headers),
    request,
  });
  if (fault?.kind === 'reset-before') {
    incoming.socket.destroy();
    return;
  }
  if (fault?.kind === 'throttle' || fault?.kind === 'internal-error')
    return answer(options.errorResponse(fault.kind));
  if (fault?.kind === 'denied') return answer(options.errorResponse('denied', fault.why));

  const response = await handleSafely(options, request);
  if (fault?.kind === 'reset-after') incoming.socket.destroy();
  else answer(response);
}

/** Who signed the request; signatures themselves are not checked. */
export function accessKeyOf({ authorization = '' }: LocalRequest['headers']): string | undefined {
  return /\bCredential=([^/]+)\//.exec(authorization)?.[1];
}

// A slip in a handler must reach the caller as a 500 with its reason, or a test would hang or lose its cause.
async function handleSafely(options: ServerOptions, request: LocalRequest): Promise<LocalResponse> {
  try {
    return await options.handle(request);
  } catch (error) {
    return options.errorResponse('internal-error', error instanceof Error ? error.message : String(error));
  }
}

// The rest of a body that is too large is read and dropped, so that the client gets to see the answer.
async function readBody(incoming: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  for await (const chunk of incoming) {
    const bytes = chunk as Buffer;
    sizeBytes += bytes.length;
    if (sizeBytes <= requestBytesMax) chunks.push(bytes);
  }
  return sizeBytes <= requestBytesMax ? Buffer.concat(chunks) : undefined;
}

// Split by hand: the URL class would fold `..` and `//`, which are legal in the keys of objects.
function toRequest(incoming: IncomingMessage, body: Buffer): LocalRequest {
  const target = incoming.url ?? '/';
  const mark = target.indexOf('?');
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(incoming.headers)) {
    if (value !== undefined) headers[name] = Array.isArray(value) ? value.join(', ') : value;
  }
  return {
    method: incoming.method ?? 'GET',
    path: mark === -1 ? target : target.slice(0, mark),
    query: new URLSearchParams(mark === -1 ? '' : target.slice(mark + 1)),
    headers,
    body,
  };
}

function send(outgoing: ServerResponse, response: LocalResponse, clock: Clock, requestId: string): void {
  const body = response.body ?? '';
  outgoing.writeHead(response.status, {
    'content-length': Buffer.byteLength(body),
    ...response.headers,
    date: new Date(clock.now()).toUTCString(),
    'x-amzn-requestid': requestId,
    'x-amz-request-id': requestId,
  });
  outgoing.end(body);
}

function listen(server: Server): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => resolve());
  });
}
