/** The examples in the documents work: a block of `js` runs and prints what the block after "prints" says. */
import { execFileSync } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";
import { scratch } from "../harness/scratch.ts";
import { FILES, read } from "./repository.ts";

const ROOT = resolve(import.meta.dirname, "../../..");
/** Within the repository, so that packages are found by their names. */
const PLACE = join(ROOT, ".cache/examples");
const EXAMPLE = /^```js\n([\s\S]*?)^```\n\nprints\n\n```\n([\s\S]*?)^```$/gm;

const examples = FILES.filter((path) => path.endsWith(".md")).flatMap((path) =>
  [...read(path).matchAll(EXAMPLE)].map(([, code = "", printed = ""]) => ({ path, code, printed })),
);

test("there are examples", () => {
  expect(examples.length).toBeGreaterThanOrEqual(3);
});

test.each(examples)("the example in $path", ({ path, code, printed }) => {
  mkdirSync(PLACE, { recursive: true });
  const file = join(PLACE, `${path.replaceAll(/[/.]/g, "-")}.mjs`);
  const directory = scratch("example");
  writeFileSync(file, code.replaceAll("/tmp/", `${directory}/`));
  try {
    const env = { ...process.env, HOME: directory, XDG_RUNTIME_DIR: directory };
    const words = ["--conditions=source", file];
    expect(execFileSync(process.execPath, words, { cwd: ROOT, env, encoding: "utf8" })).toBe(printed);
  } finally {
    rmSync(file);
  }
});
