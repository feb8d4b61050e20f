import { ownEventSchemas } from '../../src/events/own-event.ts';
import { table } from './regions.ts';

interface Detail {
  readonly properties: Readonly<Record<string, { readonly description?: string; readonly type?: string }>>;
  readonly required: readonly string[];
}

/** One table for each detail-type; those with the same fields share one. */
export function ownEventsTables(): string {
  const groups = new Map<string, string[]>();
  for (const [type, schema] of Object.entries(ownEventSchemas())) {
    const { properties, required } = schema as Detail;
    const rows = Object.entries(properties).map(([name, { description = '', type: kind = 'text' }]) => [
      `\`${name}\``,
      kind,
      required.includes(name) ? 'always' : 'if known',
      description,
    ]);
    const text = table(['field', 'type', 'there', 'meaning'], rows);
    groups.set(text, [...(groups.get(text) ?? []), `\`${type}\``]);
  }
  return [...groups].map(([text, types]) => `**${types.join(', ')}**\n\n${text}`).join('\n\n');
}

/** All schemas in one file, keyed by detail-type. */
export function ownEventsFile(): string {
  return `${JSON.stringify(ownEventSchemas(), undefined, 2)}\n`;
}
