/** A store on a read-only file system: what reads works, what writes says why it cannot, and nothing is left behind. */
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { describeResult } from "../harness/command.ts";
import { treeHash } from "../harness/compare-trees.ts";
import { expectFailure } from "../harness/expect-failure.ts";
import { lane } from "../harness/lanes.ts";
import { MOUNT_NEEDS, startMount, umount } from "../harness/mount-process.ts";
import { mustRun } from "../harness/run-program.ts";
import { mountAgain } from "../harness/small-disk.ts";
import { makeSmallStore } from "../harness/small-store.ts";

const READERS: string[][] = [
  ["ls"],
  ["show", "photos"],
  ["cat", "photos:small/7.txt"],
  ["find", "7.txt"],
  ["stats"],
  ["check", "--read-data"],
];
const WRITERS: string[][] = [
  ["rm", "--yes", "photos"],
  ["tag", "--add", "kept", "photos"],
  ["gc"],
  ["rebuild"],
  ["check", "--repair"],
];

lane("a store on a read-only file system", ["root"], () => {
  test("is read as it is, and writers are told", async () => {
    const small = await makeSmallStore("read-only");
    const { world, directory, source, backup } = small;
    const disk = join(directory, "disk");
    await mountAgain(small.store, disk);
    await mustRun("mount", ["-o", "remount,bind,ro", disk]);
    const temporary = join(directory, "tmp");
    mkdirSync(temporary);
    world.env["TMPDIR"] = temporary;
    for (const words of READERS) {
      const result = await world.run([...words, "--store", disk]);
      expect(result.code, describeResult(words, result)).toBe(0);
      if (words[0] === "cat") expect(result.bytes).toEqual(readFileSync(join(source, "small", "7.txt")));
    }
    const target = join(directory, "restored");
    await world.summary(["restore", "--store", disk, backup, target]);
    expect(await treeHash(target)).toBe(await treeHash(source));
    for (const words of [["snapshot", directory], ...WRITERS]) {
      const result = await world.run([...words, "--store", disk, "--json"]);
      expectFailure(words, result, { exit: 1, code: "READ_ONLY", names: disk, next: /mount it for writing/ });
    }
    expect(readdirSync(temporary).filter((name) => name.startsWith("datadb-"))).toEqual([]);
    const listed = await world.records(["ls", "--store", small.store]);
    expect(listed.map(({ id }) => id)).toContain(backup);
  });

  lane("mounted", MOUNT_NEEDS, () => {
    test("shows its backups", async () => {
      const { world, directory, store, source } = await makeSmallStore("read-only-mount");
      const disk = join(directory, "disk");
      await mountAgain(store, disk);
      await mustRun("mount", ["-o", "remount,bind,ro", disk]);
      const mounted = await startMount(world, join(directory, "mount"), { words: ["--store", disk] });
      const text = await mounted.shell("cat latest/photos/small/7.txt | sha256sum");
      const sum = createHash("sha256")
        .update(readFileSync(join(source, "small", "7.txt")))
        .digest("hex");
      expect(text).toContain(sum);
      await umount(mounted.directory);
      expect(await mounted.ended).toBe(0);
    });
  });
});
