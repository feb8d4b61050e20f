import { expiredCredentials, noAnswer, noConnection, noCredentials } from '../aws/failures.ts';
import type { Failure } from '../control/ports.ts';

/** What people meet first is no answer of a service. The message names the address or the cause; this says what to do. */
const advice: readonly (readonly [beginning: string, hint: string])[] = [
  [
    noCredentials,
    'Sign in (aws sso login, or a role of your CI), and name the profile in AWS_PROFILE if it is not the default one.',
  ],
  [expiredCredentials, 'Sign in again (aws sso login), or fetch a new session of your role, then try again.'],
  [
    noConnection,
    'Check the network (VPN, proxy, DNS), the Region, and that something listens at --endpoint-url or AWS_ENDPOINT_URL where one is given.',
  ],
  [noAnswer, 'Check the network and the endpoint, then try again.'],
];

/** What to do about a message that tells of no answer; undefined where a service did answer. */
export function hintOf(message: string): string | undefined {
  return advice.find(([beginning]) => message.includes(beginning))?.[1];
}

/** What to do where a table or a bucket cannot be read. */
export function readHint({ code, message }: Failure): string {
  return hintOf(message) ?? hints[code];
}

const hints: Readonly<Record<Failure['code'], string>> = {
  denied: 'Are you logged in to the right account (AWS_PROFILE), and may you read table and bucket?',
  'not-found': 'Check the names, the account and the Region: --table, --bucket, --region.',
  throttled: 'Try again in a minute.',
  unavailable: 'Try again; nothing was changed.',
  malformed: 'Check the names and the endpoint: --table, --bucket, --endpoint-url.',
};
