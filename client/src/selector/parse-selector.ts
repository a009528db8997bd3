/** Takes a selector apart: NAME, HOST/NAME, an id or `latest`, then `@TIME`, then `:PATH`. */
import { UsageError } from "@datadb/protocol";
import { decodeName } from "./encode-name.ts";
import { type PartialTime, parsePartialTime } from "./partial-time.ts";
import type { Selector, SelectorSubject } from "./selector.ts";

const HELP =
  "write NAME, HOST/NAME, an id of 8 digits or more, or latest; then @TIME, then :PATH (in names, @ : / % are written %40 %3A %2F %25)";

/**
 * Pure: asks no store. The longest valid TIME wins, so `app@2026-11-19T10:30` is half past ten and not the
 * path `30` at ten o'clock.
 *
 * @throws UsageError that says which part is wrong.
 * @example
 * parseSelector("web1/app@2026-11-19:etc/passwd");
 * // { subject: { kind: "name", host: "web1", name: "app" }, time: { year: 2026, month: 11, day: 19 }, path: "etc/passwd", ... }
 */
export function parseSelector(text: string): Selector {
  const end = text.search(/[@:]/);
  const subject = parseSubject(end < 0 ? text : text.slice(0, end), text);
  if (end < 0) return { text, subject };
  const rest = text.slice(end + 1);
  if (text[end] === ":") return { text, subject, path: parsePath(rest, text) };
  const { time, path } = parseTimeAndPath(rest, text);
  return path === undefined ? { text, subject, time } : { text, subject, time, path: parsePath(path, text) };
}

function refuse(text: string, problem: string): UsageError {
  return new UsageError(`'${text}' is not a valid selector: ${problem}`, { next: HELP });
}

function parseSubject(written: string, text: string): SelectorSubject {
  const parts = written.split("/");
  if (parts.length > 2) throw refuse(text, "a name cannot contain /");
  const decoded = parts.map(decodeName);
  if (decoded.includes(null)) throw refuse(text, "the percent-encoding is not UTF-8");
  if (decoded.includes(""))
    throw refuse(text, parts.length === 2 ? "host or name is empty" : "the name is empty");
  const [first, second] = decoded as string[];
  if (second !== undefined) return { kind: "name", host: first!, name: second };
  if (written === "latest") return { kind: "latest" };
  if (/^[0-9a-f]{8,64}$/i.test(written)) return { kind: "name", name: first!, id: written.toLowerCase() };
  return { kind: "name", name: first! };
}

function parseTimeAndPath(rest: string, text: string): { time: PartialTime; path?: string } {
  const whole = parsePartialTime(rest);
  if (whole !== null) return { time: whole };
  for (
    let colon = rest.lastIndexOf(":");
    colon >= 0;
    colon = colon === 0 ? -1 : rest.lastIndexOf(":", colon - 1)
  ) {
    const time = parsePartialTime(rest.slice(0, colon));
    if (time !== null) return { time, path: rest.slice(colon + 1) };
  }
  throw refuse(text, `'${rest}' does not begin with a time such as 2026-11-19 or 2026-11-19T10:30:00Z`);
}

/** Slashes at the ends and doubled ones, and `.`, say nothing; `..` is refused. */
function parsePath(path: string, text: string): string {
  const parts = path.split("/").filter((part) => part !== "" && part !== ".");
  if (parts.includes("..")) throw refuse(text, "the path contains ..");
  if (path.includes("\0")) throw refuse(text, "the path contains NUL");
  return parts.join("/");
}
