import { GetSecretValueCommand, type SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { Answer, Clock } from '../control/ports.ts';
import { malformed, toFailure } from './failures.ts';
import type { Permissions } from './permissions.ts';

/** A token that was replaced holds after this long at the latest; each call would cost $0.05 per 10,000. */
const cacheMs = 5 * 60_000;

/** Tokens from Secrets Manager: the secret is the token itself, or JSON with the key `token`. */
export class SecretsManagerTokens {
  readonly #client: SecretsManagerClient;
  readonly #clock: Clock;
  readonly #cache = new Map<string, { readonly token: string; readonly untilMs: number }>();

  constructor(options: { readonly client: SecretsManagerClient; readonly clock: Clock }) {
    this.#client = options.client;
    this.#clock = options.clock;
  }

  async token(secretId: string): Promise<Answer<string>> {
    const nowMs = this.#clock.now();
    const cached = this.#cache.get(secretId);
    if (cached && nowMs < cached.untilMs) return { ok: true, value: cached.token };
    try {
      const { SecretString = '' } = await this.#client.send(
        new GetSecretValueCommand({ SecretId: secretId }),
      );
      const token = tokenIn(SecretString);
      if (token === '')
        return malformed(
          `secret ${secretId} is neither a token nor JSON with the key "token": write one of the two`,
        );
      this.#cache.set(secretId, { token, untilMs: nowMs + cacheMs });
      return { ok: true, value: token };
    } catch (error) {
      return toFailure(error);
    }
  }
}

function tokenIn(secret: string): string {
  const text = secret.trim();
  if (!text.startsWith('{')) return text;
  try {
    const { token } = JSON.parse(text) as { token?: unknown };
    return typeof token === 'string' ? token.trim() : '';
  } catch {
    return '';
  }
}

export const tokenPermissions: Permissions = {
  title: 'read the Slack tokens of the parameter SlackSecretArns',
  actions: ['secretsmanager:GetSecretValue'],
};
