/** Every verb is tested and told: in a test of its name, the README and the completions. */
import { execFileSync } from "node:child_process";
import { resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { FILES, read } from "./repository.ts";

const command = resolve(import.meta.dirname, "../../../cli/bin/datadb");
const printed = new Map<string, string>();
/** What the command prints; the same words are run once. */
const run = (...words: string[]): string => {
  const line = words.join(" ");
  const text = printed.get(line) ?? execFileSync(command, words, { encoding: "utf8" });
  printed.set(line, text);
  return text;
};
const table = read("cli/src/verb-table.ts");
const verbs = [...table.matchAll(/^ {2}(\w+): async/gm)].map((match) => match[1] as string);

test("the table of verbs is read right", () => {
  expect(verbs).toContain("snapshot");
  expect(verbs.length).toBeGreaterThan(13);
});

describe.each(verbs)("%s", (verb) => {
  test("is a file with a test", () => {
    expect(FILES).toContain(`cli/src/verbs/${verb}.ts`);
    const tests = FILES.filter((path) => path.endsWith(".test.ts") && !path.startsWith("test/src/house/"));
    const own = tests.filter((path) => new RegExp(`["'\`]${verb}["'\` ]`).test(read(path)));
    expect(own, `no test runs ${verb}`).not.toEqual([]);
  });

  test("has help with an example", () => {
    const help = run(verb, "--help");
    expect(help).toMatch(new RegExp(`^ *datadb ${verb}\\b`, "m"));
    expect(run("--help")).toContain(verb);
  });

  test("is in the README or the documents it leads to", () => {
    const told = ["README.md", ...FILES.filter((path) => /^docs\/[\w-]+\.md$/.test(path))]
      .map(read)
      .join("\n");
    expect(told).toMatch(new RegExp(`\\bdatadb ${verb}\\b`));
  });

  test.each(["bash", "zsh", "fish"])("is completed by %s", (shell) => {
    expect(run("completion", shell)).toContain(verb);
  });
});
