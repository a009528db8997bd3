/** Names of files: kebab-case nouns, and no drawer for leftovers. */
import { expect, test } from "vitest";
import { FILES, MODULES, read, SOURCES } from "./repository.ts";

test("nothing is called util, helper, misc or common", () => {
  const drawer = /(^|[/.-])(utils?|helpers?|misc|common)([/.-]|$)/;
  expect(FILES.filter((path) => drawer.test(path))).toEqual([]);
});

test("modules are named in kebab-case", () => {
  const kebab = /^[a-z0-9-]+(\.(test|suite|d))?\.ts$/;
  expect(MODULES.filter((path) => !kebab.test(path.split("/").at(-1) as string))).toEqual([]);
});

test("every source says in its first sentence what it is", () => {
  const silent = SOURCES.filter((path) => !/^(\/\*\*|\/\/ )/.test(read(path)) && !path.endsWith("/index.ts"));
  expect(silent).toEqual([]);
});
