/** A tree with every kind of entry and every awkward name comes back as it was, to the nanosecond. */
import { existsSync, lstatSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openWorld } from "../harness/command.ts";
import { differences } from "../harness/compare-trees.ts";
import { growTree } from "../harness/grow-tree.ts";
import { lane } from "../harness/lanes.ts";
import { scratch } from "../harness/scratch.ts";

const ENTRIES = 20_000;

lane(
  "20,000 entries of every type",
  ["root", { program: "rsync" }, { program: "setfattr" }, { program: "setfacl" }],
  () => {
    const directory = scratch("exact");
    const world = openWorld(directory);
    const [store, source] = [join(directory, "store"), join(directory, "tree")];

    test("restore exactly", async () => {
      mkdirSync(source);
      await growTree(source, "exact", { entries: ENTRIES });
      const summary = await world.summary(["snapshot", "--store", store, source]);
      expect(summary).toMatchObject({ type: "summary", complete: true });
      expect(summary["entries"].new).toBeGreaterThan(ENTRIES - 1000);
      const target = join(directory, "restored");
      await world.summary(["restore", "--store", store, "tree", target]);
      expect(await differences(source, target)).toEqual([]);
      for (const name of ["sparse", "only a hole"]) {
        const [before, after] = [source, target].map((root) => lstatSync(join(root, "special", name)).blocks);
        expect(after, `${name} takes no more blocks than before`).toBeLessThanOrEqual(
          (before as number) + 64,
        );
      }
    });

    test("are not read again when nothing changed", async () => {
      const summary = await world.summary(["snapshot", "--store", store, source]);
      expect(summary["entries"]).toMatchObject({ new: 0, changed: 0 });
      expect(summary["bytes"]).toMatchObject({ read: 0, new: 0 });
      const target = join(directory, "restored-again");
      await world.summary(["restore", "--store", store, "tree", target]);
      expect(await differences(source, target)).toEqual([]);
    });

    test("over the wire too, and one changed byte is one changed file", async () => {
      const { startServer } = await import("../harness/server-process.ts");
      const server = await startServer(world, store);
      const file = join(source, "special/three megabytes");
      const content = readFileSync(file);
      content[1_500_000] = (content[1_500_000] as number) ^ 1;
      writeFileSync(file, content);
      const summary = await world.summary(["snapshot", "--server", server.url, source]);
      expect(summary["entries"].changed).toBeGreaterThanOrEqual(1);
      expect(summary["bytes"].new, "few chunks and nodes of three megabytes").toBeLessThan(600_000);
      const target = join(directory, "restored-remotely");
      await world.summary(["restore", "--server", server.url, "tree", target]);
      expect(await differences(source, target)).toEqual([]);
      expect(await server.stop()).toBe(0);
    });

    test("in part: one directory, one file", async () => {
      const target = join(directory, "part");
      await world.summary(["restore", "--store", store, "tree:awkward", target]);
      expect(await differences(join(source, "awkward"), target)).toEqual([]);
      const one = join(directory, "one");
      await world.summary(["restore", "--store", store, "tree:special/three megabytes", one]);
      const file = existsSync(join(one, "three megabytes")) ? join(one, "three megabytes") : one;
      expect(readFileSync(file).equals(readFileSync(join(source, "special/three megabytes")))).toBe(true);
    });

    test("and the store is sound", async () => {
      await world.summary(["check", "--store", store, "--read-data"]);
    });
  },
);
