import { type EMRServerlessClient, GetApplicationCommand } from '@aws-sdk/client-emr-serverless';
import * as z from 'zod';
import type { Answer, Applications } from '../control/ports.ts';
import type { CapacityLimits } from '../core/capacity.ts';
import type { SparkDefaults } from '../core/spark-settings.ts';
import { sizesOf } from '../core/workers.ts';
import { malformed, toFailure } from './failures.ts';
import type { Permissions } from './permissions.ts';

/** What applications may hold, over the SDK. 10 calls a second: the control code keeps the answers for minutes. */
export class EmrServerlessApplications implements Applications {
  readonly #client: EMRServerlessClient;

  constructor(client: EMRServerlessClient) {
    this.#client = client;
  }

  async limits(applicationId: string): Promise<Answer<CapacityLimits>> {
    try {
      return parseApplication(await this.#client.send(new GetApplicationCommand({ applicationId })));
    } catch (error) {
      return toFailure(error);
    }
  }
}

/** The answer of GetApplication. */
export function parseApplication(raw: unknown): Answer<CapacityLimits> {
  const parsed = answer.safeParse(raw);
  if (!parsed.success) {
    const said = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
    return malformed(`GetApplication: ${said.join('; ')}`);
  }
  const { maximumCapacity, schedulerConfiguration, runtimeConfiguration } = parsed.data.application;
  const runsMax = schedulerConfiguration?.maxConcurrentRuns;
  const defaults = defaultsOf(runtimeConfiguration ?? []);
  const known = maximumCapacity && !setsSizes(defaults);
  return {
    ok: true,
    value: {
      ...(known
        ? {
            maximum: {
              vcpu: maximumCapacity.cpu,
              memoryGb: maximumCapacity.memory,
              ...(maximumCapacity.disk === undefined ? {} : { diskGb: maximumCapacity.disk }),
            },
          }
        : {}),
      ...(runsMax === undefined ? {} : { runsMax }),
      sparkDefaults: sizesOf(defaults),
    },
  };
}

/** `400 vCPU`, `3000 GB`, or the number alone (API reference, MaximumAllowedResources). */
const amount = z
  .string()
  .regex(/^\s*[1-9]\d{0,9}\s*(?:vcpu|gb)?\s*$/i)
  .transform((text) => Number.parseInt(text, 10));

type Configurations = readonly {
  readonly classification: string;
  readonly properties?: Record<string, string> | undefined;
}[];

const answer = z.object({
  application: z.object({
    maximumCapacity: z.object({ cpu: amount, memory: amount, disk: amount.optional() }).optional(),
    schedulerConfiguration: z.object({ maxConcurrentRuns: z.number().optional() }).optional(),
    runtimeConfiguration: z
      .array(
        z.object({
          classification: z.string(),
          properties: z.record(z.string(), z.string()).optional(),
        }),
      )
      .optional(),
  }),
});

function defaultsOf(configurations: Configurations): SparkDefaults {
  const own = configurations.filter(({ classification }) => classification === 'spark-defaults');
  return Object.assign({}, ...own.map(({ properties = {} }) => properties));
}

/**
 * An application may set the sizes of workers for all of its runs. What its live runs hold then stands in no request, and
 * is not guessed.
 */
function setsSizes(defaults: SparkDefaults): boolean {
  return Object.keys(defaults).some((key) =>
    /^spark\.(?:emr-serverless\.)?(?:driver|executor|dynamicAllocation|memoryOverhead)/.test(key),
  );
}

export const capacityPermissions: Permissions = {
  title: 'read what applications may hold at once',
  actions: ['emr-serverless:GetApplication'],
};
