/** Names as a terminal may show them: control characters and invalid bytes are written as escapes, never sent. */
import { isUtf8 } from "node:buffer";

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not reach a terminal
const UNSAFE = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\u2028\u2029]/g;
const SHORT: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };

/** Text or raw bytes of a name, safe to print. */
export function printable(name: string | Uint8Array): string {
  const text = typeof name === "string" ? name : decode(Buffer.from(name));
  return text.replace(UNSAFE, (c) => SHORT[c] ?? `\\u{${c.codePointAt(0)!.toString(16)}}`);
}

function decode(name: Buffer): string {
  if (isUtf8(name)) return name.toString();
  return name.toString("latin1").replace(/[\u0080-\u00ff]/g, (c) => `\\x${c.codePointAt(0)!.toString(16)}`);
}
