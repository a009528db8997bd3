/** As much XML as the S3 protocol needs: writing by nesting, reading by name. */

/** Element name and content: a text, or elements in order. Undefined ones are left out. */
export type Xml = [string, string | number | boolean | undefined | Xml[]];

const ESCAPES: Record<string, string> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "\r": "&#13;",
};
const ENTITIES: Record<string, string> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };

function element([name, content]: Xml): string {
  if (content === undefined) return "";
  const inner = Array.isArray(content)
    ? content.map(element).join("")
    : String(content).replace(/[&<>"\r]/g, (character) => ESCAPES[character] as string);
  return `<${name}>${inner}</${name}>`;
}

/** A document with one root. */
export function xmlDocument(name: string, content: Xml[]): string {
  const inner = content.map(element).join("");
  return `<?xml version="1.0" encoding="UTF-8"?>\n<${name} xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${inner}</${name}>`;
}

function withoutEntities(text: string): string {
  return text.replace(/&(#x?[0-9a-fA-F]+|\w+);/g, (whole, entity: string) => {
    if (entity.startsWith("#x")) return String.fromCodePoint(Number.parseInt(entity.slice(2), 16));
    if (entity.startsWith("#")) return String.fromCodePoint(Number(entity.slice(1)));
    return ENTITIES[entity] ?? whole;
  });
}

/** The raw content of every element with this name; elements of one name do not nest in S3's requests. */
export function elements(xml: string, name: string): string[] {
  return [...xml.matchAll(new RegExp(`<${name}(?:\\s[^>]*)?>([\\s\\S]*?)</${name}>`, "g"))].map(
    ([, inner]) => inner as string,
  );
}

/** The text of the first element with this name. */
export function textOf(xml: string, name: string): string | undefined {
  const [first] = elements(xml, name);
  return first === undefined ? undefined : withoutEntities(first.trim());
}
