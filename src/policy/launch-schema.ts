import * as z from 'zod';
import { duration, looseText, s3Location, sparkSize, workerCores } from './scalars.ts';

const workerSchema = z.strictObject({
  cores: workerCores.optional().describe('Default of the service: 4.'),
  memory: sparkSize.optional().describe('Spark memory, without the overhead of 10 % that Spark adds.'),
  disk: sparkSize.optional().describe('Local disk. Default of the service: 20g.'),
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

const allocationSchema = z.strictObject({
  enabled: z.boolean().default(true).describe('Without it the job has `scaling.executors.max` executors.'),
  executorAllocationRatio: z
    .number()
    .gt(0)
    .max(1)
    .optional()
    .describe('Share of the waiting tasks that new executors are asked for.'),
  shuffleTracking: z
    .strictObject({
      timeout: duration('1s', '24h').describe('Frees executors that hold only old shuffle data.'),
    })
    .optional(),
});

const monitoringSchema = z.strictObject({
  s3: z
    .strictObject({ logUri: s3Location.describe('Where the service writes the logs.') })
    .optional()
    .describe('Logs in S3: where the reason of a failure is read.'),
  prometheus: z
    .strictObject({
      remoteWriteUrl: z
        .url({ protocol: /^https$/ })
        .meta({ expects: 'an https URL', hint: 'https://aps-workspaces.REGION.amazonaws.com/workspaces/…' })
        .describe('Remote-write URL of a workspace; emr-7.1.0 or later.'),
    })
    .optional()
    .describe('Metrics to Amazon Managed Service for Prometheus.'),
  cloudWatch: z
    .strictObject({
      logGroupName: z.string().min(1).optional().describe('Log group.'),
      logStreamNamePrefix: z.string().min(1).optional().describe('Start of the names of the log streams.'),
    })
    .optional()
    .describe('Logs in CloudWatch.'),
});

/** The content of StartJobRun in policy words. Numbers are the limits of that call. */
const specSchema = z.strictObject({
  mode: z.literal('STREAMING').default('STREAMING').describe('Fixed: Checkpilot runs streaming jobs only.'),
  executionRoleArn: z
    .string()
    .regex(/^arn:aws[a-z-]*:iam::\d{12}:role\/\S+$/)
    .meta({ expects: 'the ARN of a role', hint: 'for example arn:aws:iam::111122223333:role/my-job' })
    .describe('The role that the job runs as; it belongs to the account of the policy.'),
  entryPoint: z
    .string()
    .min(1)
    .max(4096)
    .meta({ hint: 'each attempt reads it again: use a versioned key, s3://bucket/my-job/1.0.0/main.py' })
    .describe('The program. Each attempt reads it again, so use a key with a version in it.'),
  arguments: z.array(looseText).max(1024).default([]).describe('Arguments of the program.'),
  jars: z.array(z.string().min(1)).default([]).describe('Goes to `--jars`.'),
  driver: workerSchema.prefault({}).describe('Size of the driver.'),
  executor: workerSchema.prefault({}).describe('Size of each executor.'),
  dynamicAllocation: allocationSchema
    .prefault({})
    .describe('How Spark moves inside the bounds of `scaling.executors`.'),
  sparkConf: z
    .record(sparkSetting, looseText)
    .default({})
    .describe('Further Spark settings. Those that have a key of their own here are refused.'),
  monitoring: monitoringSchema.prefault({}).describe('Where logs and metrics go.'),
  tags: z.record(z.string(), looseText).default({}).describe('Tags of the run, at most 196.'),
});

export const launchSchema = z.strictObject({
  spec: specSchema.describe('The content of StartJobRun.'),
});

export type LaunchSpec = z.output<typeof specSchema>;
