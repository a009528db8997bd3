/** The documents a newcomer needs are there, lead to files that exist, and name the commands that work. */
import { existsSync } from "node:fs";
import { dirname, join, normalize, resolve } from "node:path";
import { ERROR_CATALOGUE } from "@datadb/protocol";
import { expect, test } from "vitest";
import { FILES, manifestOf, ROOMS, read } from "./repository.ts";

const ROOT = resolve(import.meta.dirname, "../../..");
const DOCUMENTS = [
  "README.md",
  "ARCHITECTURE.md",
  "CONTRIBUTING.md",
  "LICENSE",
  "docs/glossary.md",
  "docs/formats.md",
  "docs/errors.md",
  "docs/configuration.md",
  "docs/dependencies.md",
  "docs/commands.md",
];

test.each(DOCUMENTS)("%s is there and says something", (path) => {
  expect(FILES).toContain(path);
  expect(read(path).length).toBeGreaterThan(500);
});

test("links between documents lead somewhere", () => {
  const broken: string[] = [];
  for (const path of FILES.filter((name) => name.endsWith(".md"))) {
    for (const [, target = ""] of read(path).matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^(https?:|#|mailto:)/.test(target)) continue;
      const file = normalize(join(dirname(path), target.replace(/#.*$/, "")));
      if (!existsSync(join(ROOT, file))) broken.push(`${path}: ${target}`);
    }
  }
  expect(broken).toEqual([]);
});

test("docs/errors.md knows every code, and no code that does not exist", () => {
  const text = read("docs/errors.md");
  const told = new Set([...text.matchAll(/`([A-Z][A-Z_]{2,})`/g)].map((match) => match[1]));
  for (const code of Object.keys(ERROR_CATALOGUE)) expect(told, code).toContain(code);
});

test("the README's test command is the one that the gate runs", () => {
  expect(read("README.md")).toContain("npm test");
  expect(read(".ci/run")).toContain("npm test");
  expect(manifestOf(".")).toMatchObject({ scripts: { test: "./test/run" } });
});

test("ARCHITECTURE.md walks through every room", () => {
  for (const room of ROOMS) expect(read("ARCHITECTURE.md")).toMatch(new RegExp(`\\b${room}\\b`));
});
