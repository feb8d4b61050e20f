import type { SlackPost } from '../slack.ts';

interface Words {
  readonly text?: string;
}

/** The channel as people see it at the end: each message with its fields, and its thread under it. Plain text. */
export function channelView(posts: readonly SlackPost[]): string[][] {
  return posts
    .filter(({ threadTs }) => threadTs === undefined)
    .map((post) => {
      const replies = posts.filter(({ threadTs }) => threadTs === post.ts);
      const steps = replies.flatMap(({ text }) => text.split('\n')).map((line) => `  └ ${readable(line)}`);
      return [...post.blocks.flatMap(linesOf), ...steps];
    });
}

/** A message in one line: what a notification shows. */
export function oneLine({ text, edits }: SlackPost): string {
  return `${edits > 0 ? '(edited) ' : ''}${readable(text)}`;
}

function linesOf(block: Readonly<Record<string, unknown>>): string[] {
  const {
    text,
    fields = [],
    elements = [],
  } = block as {
    text?: Words;
    fields?: readonly Words[];
    elements?: readonly Words[];
  };
  const own = text?.text === undefined ? [] : readable(text.text).split('\n');
  // A field is a title over its lines; here they share a line.
  const pairs = fields.flatMap((field) => {
    const [title = '', ...lines] = readable(field.text ?? '').split('\n');
    const isList = lines.some((line) => line.startsWith('•'));
    return isList
      ? [`  ${title}:`, ...lines.map((line) => `    ${line}`)]
      : [`  ${title}: ${lines.join(' · ')}`];
  });
  return [...own, ...pairs, ...elements.map((element) => `  ${readable(element.text ?? '')}`)];
}

const signs: Readonly<Record<string, string>> = {
  ':red_circle:': '●',
  ':large_orange_circle:': '◐',
  ':large_green_circle:': '○',
  ':white_circle:': '◌',
  ':information_source:': 'i',
};

/** Slack's marks as a terminal can show them: dates in UTC, links by their names, emphasis left out. */
function readable(text: string): string {
  return text
    .replace(/<!date\^\d+\^[^|>]*\|([^>]*)>/g, '$1')
    .replace(/<https?:[^|>]*\|([^>]*)>/g, '[$1]')
    .replace(/:[a-z_]+:/g, (name) => signs[name] ?? name)
    .replace(/[*`]/g, '')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&');
}
