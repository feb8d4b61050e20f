import { type Diagnostic, pathText } from './diagnostics.ts';
import { place } from './merge.ts';
import { isPlain, valueAt } from './plain.ts';
import type { Source } from './source.ts';
import { suggest } from './suggest.ts';

/** Receivers that are named and not there, and receivers that are there and never told. */
export function receiverFaults(source: Source): readonly Diagnostic[] {
  const receivers = valueAt(source.value, ['notifications', 'receivers']);
  const asked = valueAt(source.value, ['notifications', 'root', 'receivers']);
  if (!isPlain(receivers) || !Array.isArray(asked)) return [];
  const names = Object.keys(receivers);
  const unknown = asked.flatMap((name: unknown, index): Diagnostic[] => {
    if (typeof name !== 'string' || names.includes(name)) return [];
    const near = suggest(name, names);
    const path = ['notifications', 'root', 'receivers', index];
    const hint = near ? `did you mean "${near}"?` : `there are: ${names.join(', ') || 'none'}`;
    const message = `there is no receiver "${name}"`;
    return [
      {
        ...place(source, path, 'value'),
        severity: 'error',
        code: 'CP1004',
        path: pathText(path),
        message,
        hint,
      },
    ];
  });
  // A misspelt name is told as that; the receiver it meant is not idle.
  const idle = (unknown.length > 0 ? [] : names)
    .filter((name) => !asked.includes(name))
    .map((name): Diagnostic => {
      const path = ['notifications', 'receivers', name];
      const hint = 'name it in notifications.root.receivers, or delete it';
      const message = 'is never told anything';
      return {
        ...place(source, path, 'key'),
        severity: 'warning',
        code: 'CP2102',
        path: pathText(path),
        message,
        hint,
      };
    });
  return [...unknown, ...idle];
}
