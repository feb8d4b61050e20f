import * as z from 'zod';
import { duration, looseText, s3Location, sparkSize, workerCores } from './scalars.ts';

const workerSchema = z.strictObject({
  cores: workerCores.optional(),
  memory: sparkSize.optional().describe('Without the overhead of 10 % that Spark adds.'),
  disk: sparkSize.optional(),
});

/** Spark settings that the policy has words of its own for: written twice, the last one would win unseen. */
export const settingsWithOwnKey: ReadonlyMap<string, string> = new Map([
  ['spark.driver.cores', 'launch.spec.driver.cores'],
  ['spark.driver.memory', 'launch.spec.driver.memory'],
  ['spark.emr-serverless.driver.disk', 'launch.spec.driver.disk'],
  ['spark.executor.cores', 'launch.spec.executor.cores'],
  ['spark.executor.memory', 'launch.spec.executor.memory'],
  ['spark.emr-serverless.executor.disk', 'launch.spec.executor.disk'],
  ['spark.executor.instances', 'scaling.executors.max'],
  ['spark.dynamicAllocation.enabled', 'launch.spec.dynamicAllocation.enabled'],
  ['spark.dynamicAllocation.minExecutors', 'scaling.executors.min'],
  ['spark.dynamicAllocation.maxExecutors', 'scaling.executors.max'],
  ['spark.dynamicAllocation.initialExecutors', 'scaling.executors'],
  [
    'spark.dynamicAllocation.executorAllocationRatio',
    'launch.spec.dynamicAllocation.executorAllocationRatio',
  ],
  [
    'spark.dynamicAllocation.shuffleTracking.timeout',
    'launch.spec.dynamicAllocation.shuffleTracking.timeout',
  ],
  ['spark.jars', 'launch.spec.jars'],
]);

const sparkSetting = z
  .string()
  .regex(/^spark\.[A-Za-z0-9_.\-/]+$/)
  .meta({ expects: 'a Spark setting', hint: 'Spark settings start with "spark."' });

/** The content of StartJobRun in policy words. Numbers are the limits of that call. */
const specSchema = z.strictObject({
  mode: z.literal('STREAMING').default('STREAMING'),
  executionRoleArn: z
    .string()
    .regex(/^arn:aws[a-z-]*:iam::\d{12}:role\/\S+$/)
    .meta({ expects: 'the ARN of a role', hint: 'for example arn:aws:iam::111122223333:role/my-job' }),
  entryPoint: z
    .string()
    .min(1)
    .max(4096)
    .meta({ hint: 'each attempt reads it again: use a versioned key, s3://bucket/my-job/1.0.0/main.py' }),
  arguments: z.array(looseText).max(1024).default([]),
  jars: z.array(z.string().min(1)).default([]),
  driver: workerSchema.prefault({}),
  executor: workerSchema.prefault({}),
  dynamicAllocation: z
    .strictObject({
      enabled: z.boolean().default(true),
      executorAllocationRatio: z.number().gt(0).max(1).optional(),
      shuffleTracking: z.strictObject({ timeout: duration('1s', '24h') }).optional(),
    })
    .prefault({}),
  sparkConf: z.record(sparkSetting, looseText).default({}),
  monitoring: z
    .strictObject({
      s3: z.strictObject({ logUri: s3Location }).optional(),
      prometheus: z.strictObject({ remoteWriteUrl: z.url({ protocol: /^https$/ }) }).optional(),
      cloudWatch: z
        .strictObject({
          logGroupName: z.string().min(1).optional(),
          logStreamNamePrefix: z.string().min(1).optional(),
        })
        .optional(),
    })
    .prefault({}),
  tags: z.record(z.string(), looseText).default({}),
});

export const launchSchema = z.strictObject({ spec: specSchema });

export type LaunchSpec = z.output<typeof specSchema>;
