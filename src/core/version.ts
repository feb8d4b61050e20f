import { hash } from './hash.ts';
import type { LaunchRequest } from './launch-request.ts';
import { submitValues } from './spark-settings.ts';

/** What program a run is: its code and its arguments, whatever its size, its logs and its tags. */
export interface Version {
  readonly id: string;
  /** For people: `s3://acme-artifacts/orders/1.4.2/job.py`. */
  readonly entryPoint: string;
}

/** Flags and settings of spark-submit that bring code. */
const codeFlags = ['class', 'jars', 'packages', 'py-files', 'files', 'archives'];
const codeSettings = [
  'spark.jars',
  'spark.jars.packages',
  'spark.submit.pyFiles',
  'spark.files',
  'spark.archives',
  'spark.emr-serverless.driverEnv.PYSPARK_PYTHON',
];

export function versionOf(request: LaunchRequest): Version {
  const { entryPoint, entryPointArguments = [], sparkSubmitParameters = '' } = request.jobDriver.sparkSubmit;
  const code = submitValues(sparkSubmitParameters, { flags: codeFlags, settings: codeSettings });
  return { id: hash(JSON.stringify([entryPoint, entryPointArguments, code])), entryPoint };
}
