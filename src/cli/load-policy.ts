import type { ResolvedPolicy } from '../core/job.ts';
import { formatDiagnostics, type SourceText } from '../policy/diagnostics.ts';
import { loadPolicy } from '../policy/load.ts';
import { type ExitCode, exitCodes, type Host } from './host.ts';
import { diagnosticJson } from './output/json.ts';
import { paintFor } from './output/paint.ts';
import { readPolicyFiles, unreadableText } from './policy-files.ts';

export type Loaded =
  | { readonly ok: true; readonly policy: ResolvedPolicy; readonly files: readonly SourceText[] }
  | { readonly ok: false; readonly exitCode: ExitCode };

/** The policy of these files for a verb that needs one without faults; whatever is wrong is told on stderr. */
export async function loadForVerb(
  paths: readonly string[],
  host: Host,
  options: { readonly color: boolean },
): Promise<Loaded> {
  const { files, unreadable } = await readPolicyFiles(paths, host);
  if (unreadable.length > 0) {
    host.err(unreadableText(unreadable));
    for (const { file, message } of unreadable) host.problem?.({ code: 'unreadable', message, file });
    return { ok: false, exitCode: exitCodes.failed };
  }
  const loaded = loadPolicy(files);
  host.err(
    formatDiagnostics(loaded.ok ? loaded.warnings : loaded.diagnostics, files, paintFor(host, options)),
  );
  // The same fields as `check --json` prints.
  if (!loaded.ok)
    for (const each of loaded.diagnostics)
      if (each.severity === 'error') host.problem?.(diagnosticJson(each));
  return loaded.ok
    ? { ok: true, policy: loaded.policy, files }
    : { ok: false, exitCode: exitCodes.policyInvalid };
}
