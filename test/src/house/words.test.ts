/** The project speaks of itself alone, and leaves nothing half said. */
import { expect, test } from "vitest";
import { FILES, read } from "./repository.ts";

// Put together from pieces, so that this file does not find itself.
const pattern = (...pieces: string[]): RegExp => new RegExp(pieces.join(""), "i");

const FORBIDDEN: Record<string, RegExp> = {
  "a path of one machine": pattern("/wo", "rk/|/home/[a-z]+/|/ro", "ot/"),
  "a folder outside the project": pattern("\\.\\./sha", "red\\b"),
  "the number of an issue": pattern("\\bissu", "es? *#?[0-9]+|(?<![&\\w;])#[0-9]{1,4}(?![\\w-])"),
  "work that is not done": /\b(TO(?:)DO|FIX(?:)ME|XX(?:)X)\b/,
  "how it was written": pattern("\\b(cla", "ude|chat", "gpt|co", "pilot|lan", "guage model|sub", "agent)\\b"),
};

const TEXT = /\.(ts|js|md|json|yaml|yml|sh)$|\/run$|\/bin\/datadb$|^[^.]+$/;

test.each(Object.entries(FORBIDDEN))("no file speaks of %s", (_what, words) => {
  const found = FILES.filter((path) => TEXT.test(path) && path !== "package-lock.json").flatMap((path) =>
    read(path)
      .split("\n")
      .map((line, index) => ({ line, at: `${path}:${index + 1}` }))
      .filter(({ line }) => words.test(line))
      .map(({ line, at }) => `${at}: ${line.trim().slice(0, 120)}`),
  );
  expect(found).toEqual([]);
});
