import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { onTestFinished } from 'vitest';
import { type AwsClientOptions, type AwsClients, awsClients } from '../../src/aws/clients.ts';
import { systemClock } from '../../src/aws/system-clock.ts';

/** One answer. `hang` never answers, `reset` cuts the connection once the request was read. */
export type Step = 'hang' | 'reset' | Answered;

export interface Answered {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as it is when it is a string, else as JSON. */
  readonly body: unknown;
  /** Time of the `Date` header; `none` leaves it out. The machine's time by default. */
  readonly dateMs?: number | 'none';
  /** The body never ends: nothing follows, or a byte now and then. */
  readonly endless?: 'stalls' | 'drips';
}

export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

export interface ScriptedServer {
  readonly url: string;
  readonly requests: SeenRequest[];
}

/** Answers the first request with the first step, and so on; the last step serves all that follow. */
export async function scripted(...steps: readonly Step[]): Promise<ScriptedServer> {
  const requests: SeenRequest[] = [];
  const server = createServer(async (incoming, outgoing) => {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    const { method = '', url: path = '', headers } = incoming;
    requests.push({ method, path, headers, body: Buffer.concat(chunks).toString() });
    play(steps[Math.min(requests.length, steps.length) - 1] ?? 'reset', outgoing);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(
    () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  );
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  return { url: `http://127.0.0.1:${address.port}`, requests };
}

/** An error as the JSON protocols of AWS say it. */
export function failing(
  name: string,
  options: { status?: number; message?: string; dateMs?: number; body?: object } = {},
): Answered {
  const { status = 400, message = `scripted ${name}`, dateMs, body = {} } = options;
  return {
    status,
    headers: { 'x-amzn-errortype': name, 'content-type': 'application/x-amz-json-1.0' },
    body: { __type: name, message, ...body },
    ...(dateMs === undefined ? {} : { dateMs }),
  };
}

/** Clients whose four services are all this server. Three attempts unless told otherwise; short time-outs. */
export function clientsOf(
  server: { readonly url: string },
  options: Partial<AwsClientOptions> = {},
): AwsClients {
  const { url } = server;
  const clients = awsClients({
    region: 'us-east-1',
    clock: systemClock,
    endpoints: { emrServerless: url, dynamodb: url, sqs: url, s3: url },
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    timeouts: { connectMs: 1_000, requestMs: 200 },
    ...options,
  });
  onTestFinished(() => clients.destroy());
  return clients;
}

/** The time in a request's signature, epoch milliseconds. */
export function signedAtMs(request: SeenRequest | undefined): number {
  const parts = /^(....)(..)(..)T(..)(..)(..)Z$/.exec(String(request?.headers['x-amz-date'])) ?? [];
  const [, year, month, day, hour, minute, second] = parts;
  return Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
}

function play(step: Step, outgoing: ServerResponse): void {
  if (step === 'hang') return;
  if (step === 'reset') {
    outgoing.destroy();
    return;
  }
  const body = typeof step.body === 'string' ? step.body : JSON.stringify(step.body);
  const { dateMs = Date.now(), endless } = step;
  outgoing.sendDate = false;
  if (dateMs !== 'none') outgoing.setHeader('date', new Date(dateMs).toUTCString());
  if (endless) {
    outgoing.writeHead(step.status, { 'content-length': 1_000_000, ...step.headers });
    outgoing.write(body);
    const drip = setInterval(() => endless === 'drips' && outgoing.write(' '), 20);
    outgoing.on('close', () => clearInterval(drip));
    return;
  }
  outgoing.writeHead(step.status, { 'content-length': Buffer.byteLength(body), ...step.headers });
  outgoing.end(body);
}
