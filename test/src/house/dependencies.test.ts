/** Every dependency carries its weight, says why in one line, and is pinned. */
import { expect, test } from "vitest";
import { manifestOf, ROOMS, read } from "./repository.ts";

const rooms = [".", ...ROOMS];
const own = new Set(ROOMS.map((room) => manifestOf(room).name));
const declared = rooms.flatMap((room) => {
  const { dependencies = {}, devDependencies = {}, optionalDependencies = {} } = manifestOf(room);
  return Object.entries({ ...dependencies, ...devDependencies, ...optionalDependencies })
    .filter(([name]) => !own.has(name))
    .map(([name, version]) => ({ room, name, version }));
});
/** Rows of the tables of docs/dependencies.md: name, then why. */
const documented = new Map(
  [...read("docs/dependencies.md").matchAll(/^\| `([^`]+)` \|.*\| ([^|]+) \|$/gm)].map((row) => [
    row[1],
    row[2],
  ]),
);

test("docs/dependencies.md has a line with the reason for every dependency, and no other", () => {
  expect([...documented.keys()].sort()).toEqual([...new Set(declared.map(({ name }) => name))].sort());
  for (const [name, why] of documented) expect(why?.length, name).toBeGreaterThan(15);
});

test("versions are exact", () => {
  expect(declared.filter(({ version }) => !/^\d+\.\d+\.\d+$/.test(version))).toEqual([]);
});

test("the lockfile is complete for the machines that the pinned Node runs on", () => {
  const lock = JSON.parse(read("package-lock.json")) as { packages: Record<string, { version?: string }> };
  for (const [name, version] of Object.entries(manifestOf(".").optionalDependencies ?? {})) {
    expect(lock.packages[`node_modules/${name}`]?.version, name).toBe(version);
  }
});

test("every package is under the licence of the project", () => {
  for (const room of rooms) expect(manifestOf(room).license, room).toBe("MIT");
  expect(read("LICENSE")).toMatch(/^MIT License/);
});
