import { z } from 'zod';
import { type RunningServer, type ServerHooks, startServer } from './http-server.ts';
import { jsonProtocol, readInput, WireError } from './json-protocol.ts';

const getSecretValue = z.strictObject({ SecretId: z.string() });

/** GetSecretValue on loopback, over the secrets it is given: name → SecretString. */
export async function startSecretsManager(
  options: ServerHooks & { secrets: Readonly<Record<string, string>> },
): Promise<RunningServer> {
  const { clock, hold, fault, secrets } = options;
  const protocol = jsonProtocol({
    target: 'secretsmanager',
    namespace: 'com.amazonaws.secretsmanager',
    version: '1.1',
    operations: {
      GetSecretValue: (raw) => {
        const { SecretId } = readInput(
          getSecretValue,
          raw,
          (message) => new WireError('InvalidParameterException', message),
        );
        const SecretString = Object.hasOwn(secrets, SecretId) ? secrets[SecretId] : undefined;
        if (SecretString === undefined)
          throw new WireError(
            'ResourceNotFoundException',
            "Secrets Manager can't find the specified secret.",
          );
        return {
          ARN: `arn:aws:secretsmanager:us-east-1:111122223333:secret:${SecretId}-AbCdEf`,
          Name: SecretId,
          SecretString,
          VersionId: '00000000-0000-4000-8000-000000000000',
          VersionStages: ['AWSCURRENT'],
        };
      },
    },
    errors: {
      throttle: new WireError('ThrottlingException', 'Rate exceeded'),
      'internal-error': new WireError('InternalServiceError', 'An error occurred on the server side.', {
        status: 500,
      }),
      'request-too-large': new WireError('RequestEntityTooLarge', 'The request is too large.', {
        status: 413,
      }),
    },
  });
  return startServer({ clock, hold, fault, name: 'secretsmanager', ...protocol });
}
