import type { StartJobRunCommand } from '@aws-sdk/client-emr-serverless';

/** What is known of the attempts that one call has made so far; the SDK may make several. */
export interface Attempts {
  /** Attempts that left, or may have left, this machine. */
  readonly sent: number;
  /** Of these, all that are not proven to have done nothing. */
  readonly unclear: number;
  /** The `Date` header of the answer that succeeded, epoch milliseconds (whole seconds). */
  readonly dateMs: number | undefined;
}

export interface AttemptOptions {
  /** Whether an error proves that the service did nothing; every other attempt counts as unclear. */
  readonly isRefusal?: (error: unknown) => boolean;
  /** Runs with the signed headers, once per attempt. What it throws ends the call; this attempt is not sent. */
  readonly beforeSend?: (headers: Readonly<Record<string, string>>) => void;
}

/** The part that all SDK commands share. */
export interface Watchable {
  readonly middlewareStack: { addRelativeTo(middleware: Middleware, placement: Placement): void };
}

type Headers = Readonly<Record<string, string>>;
type Placement = Parameters<StartJobRunCommand['middlewareStack']['addRelativeTo']>[1];
type Handler = (step: {
  readonly request?: { headers?: Headers };
}) => Promise<{ readonly response?: { headers?: Headers } }>;
// The SDK types a middleware by the input and output of its command, which do not matter here.
type Middleware = <Next extends (step: never) => Promise<unknown>>(next: Next) => Next;

/**
 * Watches the attempts of one command, each from just after its signature. Not before the send and not once per
 * call: the SDK signs anew for every retry, and only the signature bounds what AWS will still accept.
 */
export function watchAttempts(command: Watchable, options: AttemptOptions = {}): Attempts {
  const attempts = { sent: 0, unclear: 0, dateMs: undefined as number | undefined };
  const watch =
    (next: Handler): Handler =>
    async (step) => {
      options.beforeSend?.(step.request?.headers ?? {});
      attempts.sent += 1;
      attempts.unclear += 1;
      try {
        const reached = await next(step);
        attempts.dateMs = parseDate(reached.response?.headers?.date);
        return reached;
      } catch (error) {
        if (options.isRefusal?.(error)) attempts.unclear -= 1;
        throw error;
      }
    };
  command.middlewareStack.addRelativeTo(watch as unknown as Middleware, {
    relation: 'after',
    toMiddleware: 'httpSigningMiddleware',
    name: 'watchAttempts',
    // The document client merges the stack of a command twice; the second replaces the first.
    override: true,
  });
  return attempts;
}

function parseDate(header: string | undefined): number | undefined {
  const dateMs = Date.parse(header ?? '');
  return Number.isNaN(dateMs) ? undefined : dateMs;
}
