/** An element's content: text, or its children. Undefined children are left out, lists repeat the element. */
export type XmlContent = string | number | boolean | { readonly [name: string]: XmlChild };
export type XmlChild = XmlContent | readonly XmlContent[] | undefined;

/** A document with one root element; `attributes` is written into the root's tag as it is. */
export function xmlDocument(root: string, content: XmlContent, attributes = ''): string {
  const open = attributes === '' ? root : `${root} ${attributes}`;
  return `<?xml version="1.0" encoding="UTF-8"?>\n<${open}>${inner(content)}</${root}>`;
}

function inner(content: XmlContent): string {
  if (typeof content !== 'object') return escapeXml(String(content));
  return Object.entries(content)
    .flatMap(([name, child]) => (isList(child) ? child : [child]).map((entry) => ({ name, entry })))
    .map(({ name, entry }) => (entry === undefined ? '' : `<${name}>${inner(entry)}</${name}>`))
    .join('');
}

function isList(child: XmlChild): child is readonly XmlContent[] {
  return Array.isArray(child);
}

// Line breaks are escaped too, because an XML parser would turn a lone \r into \n.
function escapeXml(text: string): string {
  return text.replace(
    // biome-ignore lint/suspicious/noControlCharactersInRegex: keys of objects may hold control characters.
    /[&<>"'\u0000-\u001f]/g,
    (character) => named[character] ?? `&#${character.charCodeAt(0)};`,
  );
}

const named: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
};
