import { describe, expect, test } from "vitest";
import type { Verb } from "../verb.ts";
import { closest } from "./closest.ts";
import { parseArguments } from "./parse-arguments.ts";
import { splitVerb } from "./split-verb.ts";

const verb: Verb = {
  name: "pack",
  summary: "Pack things",
  usage: "THING [BOX]",
  description: [],
  options: [
    { name: "tag", value: "TAG", help: "a tag", repeatable: true },
    { name: "color", value: "NAME", help: "a colour" },
    { name: "read-data", value: "PERCENT", optionalValue: true, help: "read" },
    { name: "dry-run", short: "n", help: "only say" },
  ],
  operands: { least: 1, most: 2 },
  command: true,
  examples: [],
  run: () => Promise.resolve(0),
};
const parse = (...words: string[]) => parseArguments(verb, words);

describe("what is typed", () => {
  test("options and operands in any order", () => {
    const parsed = parse("--color", "red", "thing", "--tag=a", "-n", "--tag", "b", "box", "--color=blue");
    expect(parsed.operands).toEqual(["thing", "box"]);
    expect(parsed.text("color")).toBe("blue");
    expect(parsed.list("tag")).toEqual(["a", "b"]);
    expect([parsed.flag("dry-run"), parsed.flag("json"), parsed.flag("tag")]).toEqual([true, false, true]);
    expect(parsed.command).toBeUndefined();
  });

  test("an optional value is there, left out, or absent", () => {
    expect(parse("--read-data=20", "x").text("read-data")).toBe("20");
    expect(parse("--read-data", "x").text("read-data")).toBe("");
    expect(parse("--read-data", "x").operands).toEqual(["x"]);
    expect(parse("x").text("read-data")).toBeUndefined();
  });

  test("a command after -- keeps its own options", () => {
    expect(parse("--color", "red", "--", "tar", "--color", "-n", "--").command).toEqual([
      "tar",
      "--color",
      "-n",
      "--",
    ]);
  });

  test("a lone dash is an operand, and values may begin with one when they are joined", () => {
    expect(parse("-").operands).toEqual(["-"]);
    expect(parse("x", "--color=-1").text("color")).toBe("-1");
  });

  test("numbers and durations", () => {
    expect(parse("x", "--color", "7").number("color", 1, 9)).toBe(7);
    expect(() => parse("x", "--color", "70").number("color", 1, 9)).toThrow("--color is 70");
    expect(() => parse("x", "--color", "7x").number("color", 1, 9)).toThrow("--color is 7x");
    const duration = (text: string) => parse("x", "--lock-wait", text).duration("lock-wait");
    expect([duration("5"), duration("5s"), duration("250ms"), duration("2m"), duration("1h")]).toEqual([
      5000, 5000, 250, 120_000, 3_600_000,
    ]);
    expect(() => duration("soon")).toThrow("--lock-wait is soon");
  });

  test("help needs no operands", () => {
    expect(parse("--help").flag("help")).toBe(true);
  });
});

describe("mistakes are USAGE and say what to do", () => {
  const cases: [string[], string][] = [
    [["--colour", "red", "x"], "datadb pack has no option --colour; did you mean --color?"],
    [["--zzz", "x"], "datadb pack has no option --zzz"],
    [["-x"], "datadb pack has no option -x"],
    [["x", "--color"], "--color needs a value: --color NAME"],
    [["x", "--color", "--json"], "--color needs a value: --color NAME"],
    [["x", "--color="], "--color needs a value: --color NAME"],
    [["x", "--json=yes"], "--json takes no value, and got yes"],
    [[], "datadb pack needs THING"],
    [["a", "b", "c"], "datadb pack does not know what to do with c"],
    [["a", "--", "ls"], "a command after -- is the only source, and there is also a"],
    [["--"], "there is no command after --"],
  ];
  test.each(cases)("%j", (words, message) => {
    expect(() => parse(...words)).toThrow(expect.objectContaining({ message, code: "USAGE" }));
  });
});

test("the verb is found behind general options", () => {
  expect(splitVerb(["--store", "ls", "-q", "show", "x"])).toEqual({
    verb: "show",
    rest: ["--store", "ls", "-q", "x"],
  });
  expect(splitVerb(["--version"])).toEqual({ verb: undefined, rest: ["--version"] });
  expect(splitVerb(["--", "ls"]).verb).toBeUndefined();
});

test("the nearest word", () => {
  const verbs = ["snapshot", "ls", "restore", "rebuild", "stats", "show"];
  expect(["snapshto", "resotre", "lss", "reb", "xyz"].map((word) => closest(word, verbs))).toEqual([
    "snapshot",
    "restore",
    "ls",
    "rebuild",
    undefined,
  ]);
});
