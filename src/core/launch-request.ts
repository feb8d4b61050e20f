/**
 * The input of StartJobRun less its client token, which belongs to a claim. Fields that Checkpilot does not
 * read are kept as they are: a restart must not lose what a person configured.
 */
export interface LaunchRequest {
  readonly applicationId: string;
  readonly executionRoleArn: string;
  readonly name: string;
  readonly mode: 'STREAMING' | 'BATCH';
  readonly jobDriver: {
    readonly sparkSubmit: {
      readonly entryPoint: string;
      readonly entryPointArguments?: readonly string[];
      readonly sparkSubmitParameters?: string;
    };
  };
  readonly configurationOverrides?: unknown;
  readonly executionIamPolicy?: unknown;
  readonly retryPolicy?: { readonly maxFailedAttemptsPerHour?: number; readonly maxAttempts?: number };
  readonly tags?: Readonly<Record<string, string>>;
}

/** All s3 URIs that a request names in its arguments, for finding a run that writes to one of our checkpoints. */
export function locationsNamed(request: LaunchRequest): readonly string[] {
  const { entryPointArguments = [], sparkSubmitParameters = '' } = request.jobDriver.sparkSubmit;
  const text = [...entryPointArguments, sparkSubmitParameters].join(' ');
  return [...text.matchAll(/s3[an]?:\/\/[^\s"',;]+/gi)].map(([uri]) => normaliseLocation(uri));
}

/** `s3a://bucket/a//b/` and `S3://bucket/a/b` are one checkpoint: scheme s3, no empty or trailing segments. */
export function normaliseLocation(uri: string): string {
  const match = /^s3[an]?:\/\/([^/]+)(.*)$/i.exec(uri.trim());
  if (!match) return uri.trim().replace(/\/+$/, '');
  const path = (match[2] ?? '').split('/').filter((segment) => segment !== '');
  return ['s3:/', match[1], ...path].join('/');
}

/** One location is the other, or lies inside it: two jobs there would write over each other. */
export function locationsOverlap(a: string, b: string): boolean {
  return a === b || a.startsWith(`${b}/`) || b.startsWith(`${a}/`);
}
