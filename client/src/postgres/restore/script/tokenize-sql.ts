/** Takes SQL apart into tokens, as the server and psql read it with standard_conforming_strings on. */

type TokenKind = "word" | "quoted" | "string" | "dollar" | "number" | "symbol" | "meta";

export interface Token {
  kind: TokenKind;
  /** As written. */
  text: string;
  /** Words in lower case, quoted names and strings without quotes, the inside of dollar quotes; else as written. */
  value: string;
  /** Offset in the text. */
  at: number;
}

const SPACE = /(?:\s+|--[^\n]*)+/y;
const WORD = /[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*/y;
const NUMBER = /\d[\w.]*|\.\d+[\w.]*/y;
const QUOTED = /"(?:[^"]|"")*"/y;
const STRING = /'(?:[^']|'')*'/y;
/** E'' alone knows backslashes. */
const ESCAPED = /[eE]'(?:[^'\\]|''|\\[\s\S])*'/y;
const PREFIXED = /(?:[bBxXnN]|[uU]&)'(?:[^']|'')*'/y;
const UNICODE_NAME = /[uU]&"(?:[^"]|"")*"/y;
const DOLLAR = /\$(?:[A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)?\$/y;
const META = /\\[^\n]*/y;

/** Tokens without comments and white space. What is not closed ends with the text. */
export function* tokenizeSql(text: string): Generator<Token> {
  let at = 0;
  while (at < text.length) {
    const next = skipSpace(text, at);
    if (next > at) {
      at = next;
      continue;
    }
    const token = readToken(text, at);
    yield token;
    at += token.text.length;
  }
}

function skipSpace(text: string, from: number): number {
  const found = match(SPACE, text, from);
  if (found !== null) return from + found.length;
  if (!text.startsWith("/*", from)) return from;
  let depth = 0;
  let at = from;
  while (at < text.length) {
    if (text.startsWith("/*", at)) {
      depth++;
      at += 2;
    } else if (text.startsWith("*/", at)) {
      depth--;
      at += 2;
      if (depth === 0) return at;
    } else at++;
  }
  return at;
}

function readToken(text: string, at: number): Token {
  const make = (kind: TokenKind, found: string, value: string): Token => ({ kind, text: found, value, at });
  const escaped = match(ESCAPED, text, at);
  if (escaped !== null) return make("string", escaped, withoutEscapes(escaped.slice(2, -1)));
  const prefixed = match(PREFIXED, text, at);
  if (prefixed !== null) return make("string", prefixed, prefixed);
  const unicode = match(UNICODE_NAME, text, at);
  if (unicode !== null) return make("quoted", unicode, unicode);
  const word = match(WORD, text, at);
  if (word !== null) return make("word", word, word.toLowerCase());
  const string = match(STRING, text, at);
  if (string !== null) return make("string", string, string.slice(1, -1).replaceAll("''", "'"));
  const quoted = match(QUOTED, text, at);
  if (quoted !== null) return make("quoted", quoted, quoted.slice(1, -1).replaceAll('""', '"'));
  const tag = match(DOLLAR, text, at);
  if (tag !== null) {
    const end = text.indexOf(tag, at + tag.length);
    const inside = text.slice(at + tag.length, end < 0 ? undefined : end);
    return make("dollar", text.slice(at, at + tag.length + inside.length + tag.length), inside);
  }
  const number = match(NUMBER, text, at);
  if (number !== null) return make("number", number, number);
  const meta = match(META, text, at);
  if (meta !== null) return make("meta", meta, meta);
  return make("symbol", text[at]!, text[at]!);
}

function match(pattern: RegExp, text: string, at: number): string | null {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0] ?? null;
}

/** Names in strings have no other escapes than these. */
function withoutEscapes(inside: string): string {
  return inside.replaceAll("''", "'").replace(/\\([\s\S])/g, "$1");
}
