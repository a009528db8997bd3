/** Shell patterns: `*`, `?`, `[a-z]`, `[!a]`, `\` before a sign that stands for itself, `**` across directories. */
import { UsageError } from "@datadb/protocol";

export interface Glob {
  /** The pattern speaks of paths; otherwise of base names only. */
  readonly ofPath: boolean;
  test(text: string): boolean;
}

/**
 * A pattern without `/` is compared with base names, one with `/` with whole paths.
 * @throws UsageError for a `[` without end.
 */
export function parseGlob(pattern: string, ignoreCase = false): Glob {
  if (pattern === "") throw new UsageError("the pattern is empty");
  const source = pattern.replace(/^\/+/, "");
  let expression = "";
  for (let at = 0; at < source.length; ) {
    const [piece, length] = translate(source, at, pattern);
    expression += piece;
    at += length;
  }
  const compiled = new RegExp(`^${expression}$`, ignoreCase ? "siv" : "sv");
  return { ofPath: pattern.includes("/"), test: (text) => compiled.test(text) };
}

/** The expression for what stands at a place, and how many signs of the pattern it covers. */
function translate(source: string, at: number, pattern: string): [string, number] {
  const sign = source[at]!;
  if (sign === "*") {
    if (source.startsWith("**/", at)) return ["(?:.*/)?", 3];
    if (source.startsWith("**", at)) return [".*", 2];
    return ["[^\\/]*", 1];
  }
  if (sign === "?") return ["[^\\/]", 1];
  if (sign === "\\" && at + 1 < source.length) return [literal(source[at + 1]!), 2];
  if (sign !== "[") return [literal(sign), 1];
  // A ] directly after the opening stands for itself.
  const start = source[at + 1] === "!" || source[at + 1] === "^" ? at + 2 : at + 1;
  const end = source.indexOf("]", start + 1);
  if (end < 0)
    throw new UsageError(`the pattern '${pattern}' has a [ without ]`, "write \\[ for the sign itself");
  const members = source.slice(start, end).replace(/[\\\][&~^|(){}/!#$%*+,.:;<=>?@`]/g, "\\$&");
  return [start === at + 2 ? `[^\\/${members}]` : `[${members}]`, end + 1 - at];
}

function literal(sign: string): string {
  return /[$()*+.?[\\\]^{|}/]/.test(sign) ? `\\${sign}` : sign;
}
