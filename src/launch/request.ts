import type { LaunchRequest } from '../core/launch-request.ts';
import type { LaunchSpec } from '../policy/launch-schema.ts';
import { sparkSubmitParameters } from './spark-submit.ts';

/** The parts of a merged job that its request is made of. */
export interface LaunchJob {
  readonly name: string;
  readonly match: { readonly application: { readonly id: string } };
  readonly restart: { readonly nativeRetries: number };
  readonly scaling: { readonly executors: ExecutorBounds };
  readonly launch: { readonly spec: LaunchSpec };
}

export interface ExecutorBounds {
  readonly min: number;
  readonly max: number;
  /** Cores of one executor, unless the spec says otherwise. */
  readonly cores: number;
}

/**
 * `launch.spec` as the input of StartJobRun, without its client token. Mode is always STREAMING, which takes neither
 * executionTimeoutMinutes nor flexExecution nor retryPolicy.maxAttempts, so none of them can be written.
 */
export function launchRequest(job: LaunchJob): LaunchRequest {
  const { spec } = job.launch;
  const monitoring = monitoringConfiguration(spec.monitoring);
  return {
    applicationId: job.match.application.id,
    executionRoleArn: spec.executionRoleArn,
    name: job.name,
    mode: spec.mode,
    jobDriver: {
      sparkSubmit: {
        entryPoint: spec.entryPoint,
        ...(spec.arguments.length > 0 ? { entryPointArguments: spec.arguments } : {}),
        sparkSubmitParameters: sparkSubmitParameters(spec, job.scaling.executors),
      },
    },
    ...(monitoring ? { configurationOverrides: { monitoringConfiguration: monitoring } } : {}),
    retryPolicy: { maxFailedAttemptsPerHour: job.restart.nativeRetries },
    ...(Object.keys(spec.tags).length > 0 ? { tags: spec.tags } : {}),
  };
}

function monitoringConfiguration(monitoring: LaunchSpec['monitoring']): object | undefined {
  const { s3, prometheus, cloudWatch } = monitoring;
  if (!s3 && !prometheus && !cloudWatch) return undefined;
  return {
    ...(s3 ? { s3MonitoringConfiguration: { logUri: s3.logUri } } : {}),
    ...(prometheus
      ? { prometheusMonitoringConfiguration: { remoteWriteUrl: prometheus.remoteWriteUrl } }
      : {}),
    ...(cloudWatch ? { cloudWatchLoggingConfiguration: { enabled: true, ...cloudWatch } } : {}),
  };
}
