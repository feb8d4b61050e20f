import { as, keys } from '../control/items.ts';
import type { JobStore } from '../control/ports.ts';
import type { ResolvedPolicy } from '../core/job.ts';
import { type ApplyEnd, ends, unreachable } from './apply-ends.ts';
import { newRenames } from './policy-changes.ts';

/**
 * A refusal if some job is renamed from a name that neither the policy in force nor the table knows. A misspelt one
 * would make the job a new one without a word: no memory, a fresh budget.
 */
export async function unknownFormerName(
  inForce: ResolvedPolicy | undefined,
  policy: ResolvedPolicy,
  store: JobStore,
): Promise<ApplyEnd | undefined> {
  const renames = newRenames(inForce, policy);
  if (renames.length === 0) return undefined;
  // Under the new name: the rename was carried out, and the policy in force cannot be read or was rolled back.
  const asked = renames.flatMap(({ name, renamedFrom }) => [keys.record(renamedFrom), keys.record(name)]);
  const read = await store.read(asked);
  if (!read.ok) return unreachable(read, 'the table');
  const unknown = renames.find((_, index) => {
    const [former, own] = read.value.items.slice(2 * index, 2 * index + 2);
    return !as('record', former) && !as('record', own);
  });
  if (!unknown) return undefined;
  return ends.refused(
    `Job "${unknown.name}" says renamedFrom "${unknown.renamedFrom}", and nothing here was ever called that`,
    'Mend the name, or delete renamedFrom if the job is new',
  );
}
