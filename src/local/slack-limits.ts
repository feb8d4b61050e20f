// Slack's Block Kit limits, from two third-party copies of its reference that agree; not checked against Slack.
const blocksMax = 50;
const headerMax = 150;
const sectionMax = 3_000;
const fieldsMax = 10;
const fieldMax = 2_000;
const elementsMax = 10;

interface Words {
  readonly type?: unknown;
  readonly text?: unknown;
}

/** What Slack would refuse of these blocks, or nothing. Only the kinds that Checkpilot sends are known here. */
export function blockFault(blocks: readonly Record<string, unknown>[]): string | undefined {
  if (blocks.length > blocksMax) return `more than ${blocksMax} blocks`;
  for (const block of blocks) {
    const fault = faultOf(block);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

function faultOf({ type, text, fields, elements }: Record<string, unknown>): string | undefined {
  switch (type) {
    case 'header':
      return wordsFault(text, 'header', headerMax, ['plain_text']);
    case 'section': {
      const parts = fields as readonly unknown[] | undefined;
      if (text === undefined && parts === undefined) return 'a section with neither text nor fields';
      if (parts && (parts.length === 0 || parts.length > fieldsMax))
        return `a section takes 1 to ${fieldsMax} fields`;
      const faults = (parts ?? []).map((field) =>
        wordsFault(field, 'field', fieldMax, ['mrkdwn', 'plain_text']),
      );
      const own =
        text === undefined ? undefined : wordsFault(text, 'section', sectionMax, ['mrkdwn', 'plain_text']);
      return own ?? faults.find((fault) => fault !== undefined);
    }
    case 'context': {
      const parts = (elements ?? []) as readonly unknown[];
      if (parts.length === 0 || parts.length > elementsMax)
        return `a context takes 1 to ${elementsMax} elements`;
      return parts
        .map((element) => wordsFault(element, 'context', sectionMax, ['mrkdwn', 'plain_text']))
        .find((fault) => fault !== undefined);
    }
    default:
      return `no block of type ${String(type)} is known here`;
  }
}

function wordsFault(
  words: unknown,
  where: string,
  lengthMax: number,
  types: readonly string[],
): string | undefined {
  const { type, text } = (words ?? {}) as Words;
  if (!types.includes(String(type))) return `${where}: text of type ${String(type)}`;
  if (typeof text !== 'string' || text.length === 0) return `${where}: no text`;
  return text.length > lengthMax ? `${where}: longer than ${lengthMax}` : undefined;
}
