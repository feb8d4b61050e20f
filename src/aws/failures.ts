import type { Failure } from '../control/ports.ts';
import { redact } from '../core/failure/redact.ts';

export type FailureCode = Failure['code'];

/**
 * What an error of an SDK client means to a caller that only read. Anything that is neither an answer of AWS nor
 * a lost connection is a slip of ours and is thrown on.
 */
export function toFailure(error: unknown): Failure {
  const facts = errorFacts(error);
  const code = failureCode(facts);
  if (code === undefined) throw error;
  return { ok: false, code, message: sentence(facts) };
}

/** `malformed` with the place and what was wrong there. */
export function malformed(message: string): Failure {
  return { ok: false, code: 'malformed', message: redact(message) };
}

/** The parts of an SDK error that decide what it means. */
export interface ErrorFacts {
  readonly name: string;
  /** Without secrets: services quote what they refuse, and parsers what they cannot read. */
  readonly message: string;
  /** Status of the answer, if there was one. */
  readonly status: number | undefined;
  /** Node's code of a broken connection, e.g. `ECONNRESET`. */
  readonly socketCode: string | undefined;
}

export function errorFacts(error: unknown): ErrorFacts {
  // Where a name has several addresses, Node wraps what each of them said, and says nothing itself.
  const told = error instanceof AggregateError && error.message === '' ? error.errors[0] : error;
  const { name, message, code, $metadata } = (told ?? {}) as {
    name?: unknown;
    message?: unknown;
    code?: unknown;
    $metadata?: { httpStatusCode?: number };
  };
  return {
    name: typeof name === 'string' ? name : 'Error',
    message: redact(typeof message === 'string' ? message : String(error)),
    status: $metadata?.httpStatusCode,
    socketCode: typeof code === 'string' ? code : undefined,
  };
}

/** How the message begins when the SDK found nothing to sign with: what people meet first, and no answer of AWS. */
export const noCredentials = 'no AWS credentials';
/** The same for credentials that ran out, an address where nobody listens, and one that says nothing. */
export const expiredCredentials = 'the AWS credentials have expired';
export const noConnection = 'no connection';
export const noAnswer = 'no answer in time';

export function sentence(facts: ErrorFacts): string {
  const { name, message, status, socketCode = '' } = facts;
  const cause = message.replace(/\.$/, '');
  if (name === 'CredentialsProviderError') return `${noCredentials} (${cause})`;
  if (isExpiredToken(facts)) return `${expiredCredentials} (${name}: ${cause})`;
  if (status === undefined && unreached.has(socketCode)) return `${noConnection} (${cause})`;
  if (status === undefined && (name === 'TimeoutError' || socketCode === 'ETIMEDOUT'))
    return `${noAnswer} (${cause || name})`;
  return `${name}${status === undefined ? '' : ` (${status})`}: ${message}`;
}

// The call never reached a service: Node's codes of a refusal, of a name that is unknown, of a net that is away.
const unreached = new Set(['EAI_AGAIN', 'ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH', 'ENOTFOUND']);

// By name, because EMR Serverless throttles with status 400 and has no typed error for it. The names are those
// that the SDK itself treats as throttling, less those that mean something else here.
const throttles = new Set([
  'BandwidthLimitExceeded',
  'ProvisionedThroughputExceededException',
  'RequestLimitExceeded',
  'RequestThrottled',
  'RequestThrottledException',
  'SlowDown',
  'ThrottledException',
  'Throttling',
  'ThrottlingError',
  'ThrottlingException',
  'TooManyRequestsException',
]);

export function isThrottle(facts: ErrorFacts): boolean {
  return throttles.has(facts.name) || facts.status === 429;
}

const absences = new Set([
  'NoSuchBucket',
  'NoSuchKey',
  'NotFound',
  'QueueDoesNotExist',
  'AWS.SimpleQueueService.NonExistentQueue',
  'ResourceNotFoundException',
]);

const denials = new Set([
  'AccessDenied',
  'AccessDeniedException',
  'AllAccessDisabled',
  'CredentialsProviderError',
  'IncompleteSignature',
  'InvalidAccessKeyId',
  'InvalidClientTokenId',
  'InvalidSignatureException',
  'MissingAuthenticationToken',
  'MissingAuthenticationTokenException',
  'SignatureDoesNotMatch',
  'UnrecognizedClientException',
]);

export function isDenial(facts: ErrorFacts): boolean {
  return denials.has(facts.name);
}

// Credentials that ran out are fetched anew by the SDK: the next call is well.
const expiries = new Set(['ExpiredToken', 'ExpiredTokenException']);

export function isExpiredToken(facts: ErrorFacts): boolean {
  return expiries.has(facts.name);
}

function failureCode(facts: ErrorFacts): FailureCode | undefined {
  if (isThrottle(facts)) return 'throttled';
  if (absences.has(facts.name)) return 'not-found';
  if (isDenial(facts)) return 'denied';
  if (isExpiredToken(facts) || isLostConnection(facts)) return 'unavailable';
  const { status } = facts;
  if (status === undefined) return undefined;
  if (status >= 500 || status === 408 || status === 409) return 'unavailable';
  if (status === 404) return 'not-found';
  if (status === 401 || status === 403) return 'denied';
  // An answer that cannot be read, or a request that the service calls wrong.
  return 'malformed';
}

/** Time-out, abort, or a connection that never was or broke: nothing was answered. */
function isLostConnection({ name, socketCode, status }: ErrorFacts): boolean {
  if (name === 'TimeoutError' || name === 'AbortError') return true;
  // `ERR_…` are complaints of Node about the caller; `HPE_…` is an answer that is not HTTP.
  return status === undefined && /^(E(?!RR_)[A-Z_]+|HPE_\w+)$/.test(socketCode ?? '');
}
