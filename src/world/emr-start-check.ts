import { type Application, type StartJobRunRequest, validationError } from './emr-types.ts';
import { confOf, gigabytes } from './spark-request.ts';

/** EMR Serverless user guide, application behaviour, worker sizes: memory per number of cores, in GB. */
const memoryGbOfCores: Record<number, { min: number; max: number }> = {
  1: { min: 2, max: 8 },
  2: { min: 4, max: 16 },
  4: { min: 8, max: 30 },
  8: { min: 16, max: 60 },
  16: { min: 32, max: 120 },
  32: { min: 60, max: 244 },
};
/** The same page: these have three sizes, and a request is not rounded up by more than that to one of them. */
const exactWorkers = { cores: 32, sizesGb: [60, 120, 244], unusedGbMax: 8 };

/** spark.emr-serverless.memoryOverheadFactor default, and its minimum. */
const OVERHEAD_FACTOR = 0.1;
const OVERHEAD_GB_MIN = 0.384;

/** EMR Serverless user guide, streaming jobs: from this release on. */
const STREAMING_RELEASE = [7, 1] as const;

/** Throws a ValidationException that names the first fault, as the service does. */
export function checkStartRequest(request: StartJobRunRequest, application: Application): void {
  const fault =
    tokenFault(request) ??
    textFault(request) ??
    modeFault(request, application) ??
    driverFault(request, application);
  if (fault !== undefined) throw validationError(fault);
}

function tokenFault({ clientToken }: StartJobRunRequest): string | undefined {
  if (/^[A-Za-z0-9._-]{1,64}$/.test(clientToken ?? '')) return undefined;
  return "Value at 'clientToken' failed to satisfy constraint: 1 to 64 characters of [A-Za-z0-9._-]";
}

function textFault({ executionRoleArn, name, tags = {} }: StartJobRunRequest): string | undefined {
  if (!/^arn:aws[a-z-]*:iam::\d{12}:role\/.+/.test(executionRoleArn ?? '')) {
    return "Value at 'executionRoleArn' failed to satisfy constraint: must be the ARN of a role";
  }
  if (name !== undefined && (name.length < 1 || name.length > 256)) {
    return "Value at 'name' failed to satisfy constraint: Member must have length between 1 and 256";
  }
  if (Object.keys(tags).length > 200) {
    return "Value at 'tags' failed to satisfy constraint: at most 200 tags";
  }
  const badTag = Object.entries(tags).find(([key, value]) => key.length > 128 || value.length > 256);
  return badTag && `Value at 'tags' failed to satisfy constraint: tag ${badTag[0]} is too long`;
}

function modeFault(request: StartJobRunRequest, { releaseLabel }: Application): string | undefined {
  const { mode = 'BATCH', executionTimeoutMinutes, retryPolicy = {} } = request;
  const { maxAttempts, maxFailedAttemptsPerHour } = retryPolicy;
  switch (mode) {
    case 'STREAMING':
      if (!supportsStreaming(releaseLabel))
        return `Streaming jobs are not supported on release ${releaseLabel}`;
      if (executionTimeoutMinutes !== undefined) {
        return 'executionTimeoutMinutes cannot be set for a job run in STREAMING mode';
      }
      if (maxAttempts !== undefined) return 'maxAttempts is only valid for a job run in BATCH mode';
      if (!isBetween(maxFailedAttemptsPerHour ?? 1, 1, 10)) {
        return 'maxFailedAttemptsPerHour must be between 1 and 10';
      }
      return undefined;
    case 'BATCH':
      if (maxFailedAttemptsPerHour !== undefined) {
        return 'maxFailedAttemptsPerHour is only valid for a job run in STREAMING mode';
      }
      return isBetween(maxAttempts ?? 1, 1, 10) ? undefined : 'maxAttempts must be between 1 and 10';
    default:
      return `Value '${String(mode)}' at 'mode' failed to satisfy constraint: [BATCH, STREAMING]`;
  }
}

function driverFault(request: StartJobRunRequest, application: Application): string | undefined {
  const submit = request.jobDriver?.sparkSubmit;
  if (!submit) return 'jobDriver.sparkSubmit is required for a Spark application';
  const { entryPoint, entryPointArguments = [], sparkSubmitParameters = '' } = submit;
  if (!entryPoint || entryPoint.length > 4096) return "Value at 'entryPoint' must have 1 to 4096 characters";
  if (entryPointArguments.length > 1024) return "Value at 'entryPointArguments' must have at most 1024 items";
  if (sparkSubmitParameters.length > 102_400) {
    return "Value at 'sparkSubmitParameters' must have at most 102400 characters";
  }
  const conf = confOf(request, application);
  return workerFault(conf, 'driver') ?? workerFault(conf, 'executor');
}

function workerFault(conf: ReadonlyMap<string, string>, worker: 'driver' | 'executor'): string | undefined {
  const cores = Number(conf.get(`spark.${worker}.cores`) ?? 4);
  const bounds = memoryGbOfCores[cores];
  if (bounds === undefined) return `Unsupported ${worker} cores: ${cores}. Supported: 1, 2, 4, 8, 16, 32`;
  const memory = conf.get(`spark.${worker}.memory`);
  if (memory === undefined) return undefined;
  const memoryGb = gigabytes(memory);
  if (memoryGb === undefined) return `Invalid ${worker} memory: ${memory}`;
  const totalGb = memoryGb + Math.max(OVERHEAD_GB_MIN, memoryGb * OVERHEAD_FACTOR);
  const { sizesGb, unusedGbMax } = exactWorkers;
  const unusedGb = (sizesGb.find((sizeGb) => sizeGb >= totalGb) ?? totalGb) - totalGb;
  if (cores === exactWorkers.cores && unusedGb > unusedGbMax)
    return `The ${worker} memory of ${memory} and its overhead fit no worker with ${cores} vCPU: ${sizesGb.join(', ')} GB`;
  // Any other worker that is too small for its cores is rounded up to the smallest valid size.
  if (totalGb <= bounds.max) return undefined;
  return (
    `The ${worker} memory of ${memory} and its overhead exceed the maximum of ` +
    `${bounds.max} GB for a worker with ${cores} vCPU`
  );
}

function supportsStreaming(releaseLabel: string): boolean {
  const [, major, minor] = releaseLabel.match(/^emr-(\d+)\.(\d+)/) ?? [];
  const [wantedMajor, wantedMinor] = STREAMING_RELEASE;
  return Number(major) > wantedMajor || (Number(major) === wantedMajor && Number(minor) >= wantedMinor);
}

function isBetween(value: number, low: number, high: number): boolean {
  return Number.isInteger(value) && value >= low && value <= high;
}
