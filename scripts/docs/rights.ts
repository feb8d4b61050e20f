import { functionPermissions } from '../../src/runtime/permissions.ts';
import { table } from './regions.ts';

/** Who may do what, from what the adapters declare. */
export function rightsTable(): string {
  const rows = Object.entries(functionPermissions).flatMap(([name, sets]) =>
    sets.map(({ title, actions, acts = [], actsAll = [] }, index) => [
      index === 0 ? `\`${name}\`` : '',
      title,
      actions.map((action) => `\`${action}\``).join(' '),
      acts.map((action) => `\`${action}\``).join(' '),
      actsAll.map((action) => `\`${action}\``).join(' '),
    ]),
  );
  return table(['function', 'to', 'always', 'not with `Act: none`', 'only with `Act: all`'], rows);
}
