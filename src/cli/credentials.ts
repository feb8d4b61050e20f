import { noCredentials } from '../aws/failures.ts';

/** What to do about a message that says that nobody is signed in; undefined where something else is wrong. */
export function hintOf(message: string): string | undefined {
  return message.includes(noCredentials)
    ? 'Sign in (aws sso login, or a role of your CI), and name the profile in AWS_PROFILE if it is not the default one.'
    : undefined;
}
