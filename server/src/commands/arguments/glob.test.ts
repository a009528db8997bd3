import { expect, test } from "vitest";
import { globMatcher, globPrefix } from "./glob.ts";

test.each([
  ["*", "", true],
  ["*", "x", true],
  ["", "", true],
  ["", "x", false],
  ["h?llo", "hello", true],
  ["h?llo", "hllo", false],
  ["h*llo", "heeeello", true],
  ["h[ae]llo", "hallo", true],
  ["h[ae]llo", "hillo", false],
  ["h[^e]llo", "hello", false],
  ["h[^e]llo", "hbllo", true],
  ["h[a-c]llo", "hbllo", true],
  ["h[c-a]llo", "hbllo", true],
  ["h[a-]llo", "h-llo", true],
  ["[\\]]", "]", true],
  ["a\\*", "a*", true],
  ["a\\*", "ab", false],
  ["a\\", "a\\", true],
  ["[abc", "b", true],
  ["**a**b*", "xxaxxbxx", true],
  ["a*b*c", "abcbd", false],
])("%j on %j: %s", (pattern, name, expected) => {
  expect(globMatcher(Buffer.from(pattern))(Buffer.from(name))).toBe(expected);
});

test("a pattern of many stars ends quickly", () => {
  const match = globMatcher(Buffer.from(`${"a*".repeat(50)}b`));
  const start = performance.now();
  expect(match(Buffer.alloc(5000, "a"))).toBe(false);
  expect(performance.now() - start).toBeLessThan(500);
});

test("the prefix of a pattern", () => {
  expect(String(globPrefix(Buffer.from("user:*")))).toBe("user:");
  expect(String(globPrefix(Buffer.from("a\\*")))).toBe("a");
  expect(String(globPrefix(Buffer.from("plain")))).toBe("plain");
});
