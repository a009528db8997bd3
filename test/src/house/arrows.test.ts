/** The arrows between the rooms: in package.json, in the compiler's references and in what the modules import. */
import { join, normalize } from "node:path";
import { describe, expect, test } from "vitest";
import { ARROWS } from "./arrows.ts";
import { importsOf, MODULES, manifestOf, packageOf, ROOMS, read, SOURCES } from "./repository.ts";

const roomOf = new Map(ROOMS.map((room) => [manifestOf(room).name, room]));
const allowed = (room: string): string[] => ARROWS.filter(({ from }) => from === room).map(({ to }) => to);

test("the table names rooms that exist, never upwards", () => {
  for (const { from, to, why } of ARROWS) {
    expect(ROOMS).toContain(from);
    expect(ROOMS.indexOf(to), `${from} -> ${to}: the root lists used before user`).toBeLessThan(
      ROOMS.indexOf(from),
    );
    expect(why.length).toBeGreaterThan(20);
  }
});

describe.each(ROOMS)("%s", (room) => {
  const modules = MODULES.filter((path) => path.startsWith(`${room}/`));

  test("declares as dependencies only what the arrows allow", () => {
    const { dependencies = {}, devDependencies = {} } = manifestOf(room);
    const rooms = Object.keys({ ...dependencies, ...devDependencies }).flatMap(
      (name) => roomOf.get(name) ?? [],
    );
    for (const used of rooms) expect(allowed(room), `${room} may not use ${used}`).toContain(used);
  });

  test("gives the compiler the references it declares, and no others", () => {
    const { dependencies = {} } = manifestOf(room);
    const declared = Object.keys(dependencies).flatMap((name) => roomOf.get(name) ?? []);
    const config = JSON.parse(read(`${room}/tsconfig.json`)) as { references?: { path: string }[] };
    const references = (config.references ?? []).map(({ path }) => normalize(join(room, path)));
    expect(references.sort()).toEqual(declared.sort());
  });

  test("imports only what it declares, and other rooms by name", () => {
    const { dependencies = {} } = manifestOf(room);
    const wrong: string[] = [];
    for (const path of modules) {
      for (const imported of importsOf(path)) {
        const name = packageOf(imported);
        const target = imported.startsWith(".") ? normalize(join(path, "..", imported)) : null;
        if (target !== null && !target.startsWith(`${room}/`))
          wrong.push(`${path}: ${imported} leaves its room`);
        if (name === null || name === manifestOf(room).name) continue;
        const other = roomOf.get(name);
        if (other !== undefined && !allowed(room).includes(other)) wrong.push(`${path}: may not use ${name}`);
        const tool = /\.(test|suite)\.ts$/.test(path) || room === "test" ? Object.keys(TEST_TOOLS) : [];
        if (!(name in dependencies) && !tool.includes(name)) wrong.push(`${path}: ${name} is not declared`);
      }
    }
    expect(wrong).toEqual([]);
  });

  test("uses every room and package that it declares", () => {
    const used = new Set(modules.flatMap((path) => importsOf(path).map(packageOf)));
    const unused = Object.keys(manifestOf(room).dependencies ?? {}).filter((name) => !used.has(name));
    expect(unused.filter((name) => !(`${room} ${name}` in USED_OTHERWISE))).toEqual([]);
  });
});

/** Tools of the root that tests of every room may import. */
const TEST_TOOLS = manifestOf(".").devDependencies ?? {};

/** Dependencies that no module imports, and how they are used. */
const USED_OTHERWISE: Record<string, string> = {
  "bench datadb": "started as a command",
  "client @types/pg": "declarations mention the types of pg: whoever compiles against the library needs them",
};

test("protocol is pure: of Node it uses what computes, nothing that reads or writes", () => {
  const pure = new Set(["node:crypto", "node:zlib", "node:buffer"]);
  const impure = SOURCES.filter((path) => path.startsWith("protocol/src/")).flatMap((path) =>
    importsOf(path)
      .filter((name) => name.startsWith("node:") && !pure.has(name))
      .map((name) => `${path}: ${name}`),
  );
  expect(impure).toEqual([]);
});
