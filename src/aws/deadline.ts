/** An attempt was signed after its deadline and has not been sent. */
export class TooLateError extends Error {
  constructor(signedAtMs: number, notAfterMs: number) {
    super(`signed at ${iso(signedAtMs)}, which is after the deadline ${iso(notAfterMs)}; not sent`);
    this.name = 'TooLateError';
  }
}

/**
 * The check of protocol step 6, for `watchAttempts`: the time in the *signature* of every attempt is not after
 * `notAfterMs`, so AWS itself refuses whatever arrives later than that plus the validity of a signature. The SDK
 * does not retry a plain error, so the first attempt that is too late ends the call.
 */
export function signedNotAfter(notAfterMs: number): (headers: Readonly<Record<string, string>>) => void {
  return (headers) => {
    const signedAtMs = parseAmzDate(headers['x-amz-date']);
    if (signedAtMs > notAfterMs) throw new TooLateError(signedAtMs, notAfterMs);
  };
}

/** `20261122T224758Z` as epoch milliseconds. A request without it is not signed as the protocol needs: throws. */
function parseAmzDate(header: string | undefined): number {
  const parts = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(header ?? '');
  if (!parts) throw new Error(`the request carries no readable x-amz-date (${header ?? 'none'}): not sent`);
  const [, year, month, day, hour, minute, second] = parts;
  return Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
}

function iso(timeMs: number): string {
  return new Date(timeMs).toISOString();
}
