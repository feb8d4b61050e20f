import { type Spread, worldParameters } from '../../src/world/parameters.ts';
import { table } from './regions.ts';

/** The table of docs/world.md: every number of the world with its unit and where it comes from. */
export function worldParametersTable(): string {
  const rows = Object.entries(worldParameters).map(([name, { value, unit, source }]) => [
    `\`${name}\``,
    shown(value),
    unit,
    source,
  ]);
  return table(['parameter', 'value', 'unit', 'source'], rows);
}

function shown(value: number | boolean | Spread): string {
  if (typeof value === 'object') return `${value.p50} (p95 ${value.p95})`;
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  return value.toLocaleString('en-GB');
}
