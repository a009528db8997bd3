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

/** So many at once: a regular expression remembers each. */
const SPACE = /(?:\s+|--[^\n]*){1,1000}/y;
const WORD = /[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*/y;
const NUMBER = /\d[\w.]*|\.\d+[\w.]*/y;
/** E'' alone knows backslashes. */
const ESCAPED = /[eE]'[^'\\]*(?:(?:''|\\[\s\S])[^'\\]*)*'/y;
const PREFIXED = /(?:[bBxXnN]|[uU]&)'[^']*(?:''[^']*)*'/y;
const UNICODE_NAME = /[uU]&"[^"]*(?:""[^"]*)*"/y;
const DOLLAR = /\$(?:[A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)?\$/y;
const META = /\\[^\n]*/y;

/** Where the next token begins, or the text ends. */
export function nextToken(text: string, from: number): number {
  for (let at = from; ; ) {
    const next = at < text.length ? skipSpace(text, at) : at;
    if (next === at) return at;
    at = next;
  }
}

/** Tokens without comments and white space. What is not closed ends with the text. */
export function* tokenizeSql(text: string): Generator<Token> {
  for (let at = nextToken(text, 0); at < text.length; at = nextToken(text, at)) {
    const token = readToken(text, at);
    yield token;
    at += token.text.length;
  }
}

const SPACE_CODE = 0x20;
const QUOTE = 0x22;
const DOLLAR_SIGN = 0x24;
const APOSTROPHE = 0x27;
const HYPHEN = 0x2d;
const DOT = 0x2e;
const SLASH = 0x2f;
const BACKSLASH = 0x5c;
const UNDERSCORE = 0x5f;
const ASCII_END = 0x80;

function skipSpace(text: string, from: number): number {
  const code = text.charCodeAt(from);
  // Beyond ASCII there is white space too.
  if (code > SPACE_CODE && code < ASCII_END && code !== HYPHEN && code !== SLASH) return from;
  const end = endOf(SPACE, text, from);
  if (end > from || !text.startsWith("/*", from)) return end;
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

/** The token that begins here. */
export function readToken(text: string, at: number): Token {
  const code = text.charCodeAt(at);
  const token = isLetter(code) ? readLetters(text, at) : readOther(text, at, code);
  return token ?? { kind: "symbol", text: text[at]!, value: text[at]!, at };
}

function isLetter(code: number): boolean {
  const lower = code | SPACE_CODE;
  return (lower >= 0x61 && lower <= 0x7a) || code === UNDERSCORE || code >= ASCII_END;
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}

/** A word, or what letters may begin. */
function readLetters(text: string, at: number): Token | null {
  const second = text[at + 1];
  if (second === "'" || second === "&") {
    const escaped = match(ESCAPED, text, at);
    if (escaped !== null)
      return { kind: "string", text: escaped, value: withoutEscapes(escaped.slice(2, -1)), at };
    const prefixed = match(PREFIXED, text, at);
    if (prefixed !== null) return { kind: "string", text: prefixed, value: prefixed, at };
    const unicode = match(UNICODE_NAME, text, at);
    if (unicode !== null) return { kind: "quoted", text: unicode, value: unicode, at };
  }
  return tokenOf("word", match(WORD, text, at), at, (word) => word.toLowerCase());
}

/** Null where there is no text. */
function tokenOf(
  kind: TokenKind,
  text: string | null,
  at: number,
  value: (text: string) => string = (text) => text,
): Token | null {
  return text === null ? null : { kind, text, value: value(text), at };
}

function readOther(text: string, at: number, code: number): Token | null {
  switch (code) {
    case APOSTROPHE:
      return tokenOf("string", quoted(text, at), at, (one) => one.slice(1, -1).replaceAll("''", "'"));
    case QUOTE:
      return tokenOf("quoted", quoted(text, at), at, (one) => one.slice(1, -1).replaceAll('""', '"'));
    case DOLLAR_SIGN:
      return readDollars(text, at);
    case BACKSLASH:
      return tokenOf("meta", match(META, text, at), at);
  }
  return isDigit(code) || code === DOT ? tokenOf("number", match(NUMBER, text, at), at) : null;
}

function readDollars(text: string, at: number): Token | null {
  const tag = match(DOLLAR, text, at);
  if (tag === null) return null;
  const end = text.indexOf(tag, at + tag.length);
  const inside = text.slice(at + tag.length, end < 0 ? undefined : end);
  return {
    kind: "dollar",
    text: text.slice(at, at + tag.length + inside.length + tag.length),
    value: inside,
    at,
  };
}

/** A string or a name in quotes, of any length; two quotes in it are one. What is not closed ends at the last of its quotes; null without. */
function quoted(text: string, at: number): string | null {
  const quote = text[at]!;
  let last = -1;
  for (let end = text.indexOf(quote, at + 1); end >= 0; end = text.indexOf(quote, end + 2)) {
    last = end;
    if (text[end + 1] !== quote) break;
  }
  return last < 0 ? null : text.slice(at, last + 1);
}

function match(pattern: RegExp, text: string, at: number): string | null {
  const end = endOf(pattern, text, at);
  return end === at ? null : text.slice(at, end);
}

/** Where a match ends that begins here; here when there is none. */
function endOf(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : at;
}

/** Names in strings have no other escapes than these. */
function withoutEscapes(inside: string): string {
  return inside.replaceAll("''", "'").replace(/\\([\s\S])/g, "$1");
}
