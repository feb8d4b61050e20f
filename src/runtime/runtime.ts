import type { Logger } from '@aws-lambda-powertools/logger';
import type { AwsClientOptions } from '../aws/clients.ts';
import { systemClock } from '../aws/system-clock.ts';
import type { Clock, Random, Receiver } from '../control/ports.ts';
import { readSettings, type Settings } from './settings.ts';
import { powertoolsLogger } from './telemetry.ts';

/** What differs between AWS and the local stack: settings, clock, chance, endpoints, and where logs go. */
export interface Runtime {
  readonly functionName: string;
  readonly settings: Settings;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly emitsMetrics: boolean;
  /** Told in place of the receivers of the policy. */
  readonly receiver?: Receiver;
  /** Where Slack is; left out, it is Slack's own address. */
  readonly slackApiUrl?: string;
  readonly aws: Pick<AwsClientOptions, 'endpoints' | 'credentials' | 'retries'>;
}

/** The runtime of a function in AWS, from its environment. */
export function lambdaRuntime(functionName: string): Runtime {
  return {
    functionName,
    settings: readSettings(process.env),
    clock: systemClock,
    random: Math.random,
    logger: powertoolsLogger(`checkpilot-${functionName}`),
    emitsMetrics: true,
    aws: {},
  };
}

/**
 * A function's `handler`. In Lambda it is built while the function initialises, which is free and fast; anywhere
 * else nothing is built on import, so that the local host can hand in its own runtime through `create`.
 */
export function handlerOf<H>(functionName: string, create: (runtime: Runtime) => H): H | undefined {
  return process.env.AWS_LAMBDA_FUNCTION_NAME === undefined ? undefined : create(lambdaRuntime(functionName));
}
