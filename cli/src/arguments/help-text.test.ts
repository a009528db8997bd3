import { describe, expect, test } from "vitest";
import { loadVerbs, VERB_TABLE } from "../verb-table.ts";
import { optionsOf } from "./global-options.ts";
import { generalHelp, verbHelp } from "./help-text.ts";
import { parseArguments } from "./parse-arguments.ts";

const verbs = await loadVerbs();

test("the table calls every verb by its name", () => {
  expect(verbs.map((verb) => verb.name)).toEqual(Object.keys(VERB_TABLE));
});

test("the general help names every verb and fits a terminal", () => {
  const help = generalHelp(verbs);
  for (const verb of verbs) expect(help).toContain(`\n  ${verb.name} `);
  for (const line of help.split("\n")) expect(line.length).toBeLessThanOrEqual(100);
  expect(help).toMatchSnapshot();
});

describe.each(verbs.map((verb) => [verb.name, verb] as const))("datadb %s --help", (_name, verb) => {
  test("is as recorded", () => {
    expect(verbHelp(verb)).toMatchSnapshot();
  });

  test("has an example of itself that parses, and an EXIT STATUS section", () => {
    const help = verbHelp(verb);
    expect(help).toMatch(/\nExamples?:\n/);
    expect(help).toMatch(/\nEXIT STATUS\n {4}0 {2}done/);
    const own = verb.examples.map(({ line }) => line).filter((line) => line.includes(`datadb ${verb.name}`));
    expect(own.length).toBeGreaterThan(0);
    for (const line of own) {
      const words = line
        .slice(line.indexOf(`datadb ${verb.name}`))
        .split(/ [|>] |\)$/)[0]!
        .split(" ")
        .slice(2);
      const unquoted = words.map((word) => word.replaceAll("'", ""));
      expect(() => parseArguments(verb, unquoted)).not.toThrow();
    }
  });

  test("names are unique and no line is too wide", () => {
    const names = optionsOf(verb).map((option) => option.name);
    expect(new Set(names).size).toBe(names.length);
    for (const line of verbHelp(verb).split("\n")) expect(line.length).toBeLessThanOrEqual(100);
  });
});
