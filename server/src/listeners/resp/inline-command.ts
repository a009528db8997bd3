/** Splits an inline command into words, with the quoting of redis-cli and telnet users. */

export const INLINE_ERROR = "unbalanced quotes in request";

const SPACE = 32;
const QUOTE = 34;
const APOSTROPHE = 39;
const BACKSLASH = 92;
const ESCAPES: Record<string, number> = { n: 10, r: 13, t: 9, b: 8, a: 7 };

/**
 * The words of a line; null when a quote is not closed or is followed by something else than a blank. "..." knows
 * \n \r \t \b \a \xHH and \ before any other character, '...' only \'.
 */
export function splitInline(line: Buffer): Buffer[] | null {
  const words: Buffer[] = [];
  let at = 0;
  for (;;) {
    while (at < line.length && isBlank(line[at])) at++;
    if (at >= line.length) return words;
    const word = readWord(line, at);
    if (word === null) return null;
    words.push(Buffer.from(word.bytes));
    at = word.end;
  }
}

function readWord(line: Buffer, start: number): { bytes: number[]; end: number } | null {
  const bytes: number[] = [];
  let at = start;
  while (at < line.length && !isBlank(line[at])) {
    const byte = line[at] as number;
    if (byte !== QUOTE && byte !== APOSTROPHE) {
      bytes.push(byte);
      at++;
      continue;
    }
    const end = readQuoted(line, at + 1, byte, bytes);
    if (end < 0 || (end < line.length && !isBlank(line[end]))) return null;
    return { bytes, end };
  }
  return { bytes, end: at };
}

/** Reads up to the closing quote; the place behind it, or -1. */
function readQuoted(line: Buffer, start: number, quote: number, bytes: number[]): number {
  let at = start;
  while (at < line.length) {
    const byte = line[at] as number;
    if (byte === quote) return at + 1;
    if (byte === BACKSLASH && at + 1 < line.length) {
      at += quote === QUOTE ? readEscape(line, at + 1, bytes) : readApostrophe(line, at + 1, bytes);
      continue;
    }
    bytes.push(byte);
    at++;
  }
  return -1;
}

/** Reads what follows a backslash in "..."; bytes used, the backslash included. */
function readEscape(line: Buffer, at: number, bytes: number[]): number {
  const hex = line.toString("latin1", at + 1, at + 3);
  if (line[at] === 120 && /^[0-9a-fA-F]{2}$/.test(hex)) {
    bytes.push(Number.parseInt(hex, 16));
    return 4;
  }
  bytes.push(ESCAPES[String.fromCharCode(line[at] as number)] ?? (line[at] as number));
  return 2;
}

function readApostrophe(line: Buffer, at: number, bytes: number[]): number {
  if (line[at] === APOSTROPHE) {
    bytes.push(APOSTROPHE);
    return 2;
  }
  bytes.push(BACKSLASH);
  return 1;
}

function isBlank(byte: number | undefined): boolean {
  return byte === SPACE || (byte !== undefined && byte >= 9 && byte <= 13) || byte === 0;
}
