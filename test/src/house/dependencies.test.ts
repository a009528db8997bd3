/** Every dependency carries its weight, says why in one line, and is pinned. */
import { expect, test } from "vitest";
import { type Manifest, manifestOf, ROOMS, read } from "./repository.ts";

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

test("the lockfile is complete: npm ci refuses one that misses packages of other systems", () => {
  const { packages } = JSON.parse(read("package-lock.json")) as { packages: Record<string, Manifest> };
  const missing = Object.entries(packages).flatMap(([path, { optionalDependencies = {} }]) =>
    Object.keys(optionalDependencies).filter(
      (name) => !(`node_modules/${name}` in packages || `${path}/node_modules/${name}` in packages),
    ),
  );
  expect(missing).toEqual([]);
});

test("every package is under the licence of the project", () => {
  for (const room of rooms) expect(manifestOf(room).license, room).toBe("MIT");
  expect(read("LICENSE")).toMatch(/^MIT License/);
});
