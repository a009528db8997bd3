/** Glob patterns of KEYS and MATCH, as Redis has them: `*`, `?`, `[abc]`, `[^a]`, `[a-z]`, and `\` before any of them. */

const STAR = 42;
const QUESTION = 63;
const OPEN = 91;
const CLOSE = 93;
const CARET = 94;
const DASH = 45;
const BACKSLASH = 92;

/** What a pattern admits, compiled once for many names. */
export function globMatcher(pattern: Buffer): (name: Buffer) => boolean {
  if (pattern.length === 1 && pattern[0] === STAR) return () => true;
  const steps = compile(pattern);
  return (name) => matches(steps, name);
}

/** The bytes that every match begins with: where to begin to look. */
export function globPrefix(pattern: Buffer): Buffer {
  const end = pattern.findIndex(
    (byte) => byte === STAR || byte === QUESTION || byte === OPEN || byte === BACKSLASH,
  );
  return end < 0 ? pattern : pattern.subarray(0, end);
}

/** Null stands for `*`; else which bytes one place admits. */
type Step = ((byte: number) => boolean) | null;

function compile(pattern: Buffer): Step[] {
  const steps: Step[] = [];
  for (let at = 0; at < pattern.length; at++) {
    const byte = pattern[at] as number;
    if (byte === STAR) {
      if (steps.at(-1) !== null) steps.push(null);
    } else if (byte === QUESTION) steps.push(() => true);
    else if (byte === OPEN) {
      const { step, end } = compileClass(pattern, at + 1);
      steps.push(step);
      at = end;
    } else {
      if (byte === BACKSLASH && at + 1 < pattern.length) at++;
      const wanted = pattern[at] as number;
      steps.push((found) => found === wanted);
    }
  }
  return steps;
}

/** The class that begins at `start`, and the place of its closing bracket (the pattern's end when there is none). */
function compileClass(pattern: Buffer, start: number): { step: Step; end: number } {
  const negated = pattern[start] === CARET;
  const ranges: [number, number][] = [];
  let at = negated ? start + 1 : start;
  for (; at < pattern.length && pattern[at] !== CLOSE; at++) {
    if (pattern[at] === BACKSLASH && at + 1 < pattern.length) at++;
    const from = pattern[at] as number;
    let to = from;
    if (pattern[at + 1] === DASH && at + 2 < pattern.length && pattern[at + 2] !== CLOSE) {
      to = pattern[at + 2] as number;
      at += 2;
    }
    ranges.push(from <= to ? [from, to] : [to, from]);
  }
  return { step: (byte) => ranges.some(([from, to]) => byte >= from && byte <= to) !== negated, end: at };
}

/**
 * Goes back only to the last `*`, so that no pattern takes more than pattern length x name length: `a*a*a*a*b` cannot
 * stop the server.
 */
function matches(steps: readonly Step[], name: Buffer): boolean {
  let step = 0;
  let at = 0;
  let starStep = -1;
  let starAt = 0;
  while (at < name.length) {
    const wanted = steps[step];
    if (wanted === null) {
      starStep = step++;
      starAt = at;
    } else if (wanted?.(name[at] as number)) {
      step++;
      at++;
    } else if (starStep >= 0) {
      step = starStep + 1;
      at = ++starAt;
    } else return false;
  }
  while (steps[step] === null) step++;
  return step === steps.length;
}
