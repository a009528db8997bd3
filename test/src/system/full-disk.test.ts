/** Disks that are full: what was listed stays, and the next run succeeds when there is room. */
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { treeHash } from "../harness/compare-trees.ts";
import { expectFailure } from "../harness/expect-failure.ts";
import { lane } from "../harness/lanes.ts";
import { randomOf } from "../harness/random.ts";
import { mustRun, runProgram } from "../harness/run-program.ts";
import { mountSmallDisk } from "../harness/small-disk.ts";
import { makeSmallStore } from "../harness/small-store.ts";

const MIB = 1024 * 1024;

lane("a full disk", ["root"], () => {
  test("under the store", async () => {
    const { world, directory, source } = await makeSmallStore("full");
    const disk = join(directory, "disk");
    await mountSmallDisk(disk, 32 * MIB);
    const store = join(disk, "store");
    const first = await world.summary(["snapshot", "--store", store, source]);
    const other = join(directory, "other");
    mkdirSync(other);
    const random = randomOf("full disk");
    writeFileSync(join(other, "noise"), random.bytes(5 * MIB));
    await world.summary(["snapshot", "--store", store, other]);
    const big = join(directory, "big");
    mkdirSync(big);
    for (let i = 0; i < 12; i++) writeFileSync(join(big, `${i}`), random.bytes(6 * MIB));
    const words = ["snapshot", "--store", store, big, "--json"];
    for (let attempt = 0; attempt < 2; attempt++) {
      expectFailure(words, await world.run(words), {
        exit: 1,
        code: "DISK_FULL",
        names: disk,
        next: /space|disk|room/,
      });
    }
    // Listing and removing work on a full disk, again and again, and so does what returns the space.
    const ls = ["ls", "--store", store, "--json"];
    for (let attempt = 0; attempt < 3; attempt++)
      expect((await world.run(ls)).stdout).toContain(first["backup"]);
    await world.summary(["rm", "--yes", "--store", store, "other"]);
    const collected = await world.summary(["gc", "--store", store]);
    expect(collected["returned"]).toBeGreaterThan(15 * MIB);
    await world.summary(["snapshot", "--store", store, other]);
    const target = join(directory, "restored");
    await world.summary(["restore", "--store", store, first["backup"], target]);
    expect(await treeHash(target)).toBe(await treeHash(source));
    await mustRun("mount", ["-o", `remount,size=${256 * MIB}`, disk]);
    await world.summary(words.slice(0, -1));
    await world.summary(["check", "--read-data", "--store", store]);
  });

  test("filled by others, under one pack that is half garbage everywhere", async () => {
    const { world, directory } = await makeSmallStore("full-pack");
    const disk = join(directory, "disk");
    await mountSmallDisk(disk, 64 * MIB);
    const store = join(disk, "store");
    const [all, half] = [join(directory, "all"), join(directory, "half")];
    const random = randomOf("full pack");
    for (const source of [all, half]) mkdirSync(source);
    for (let i = 0; i < 32; i++) {
      const content = random.bytes(MIB);
      writeFileSync(join(all, `${i}`), content);
      if (i % 2 === 0) writeFileSync(join(half, `${i}`), content);
    }
    for (const source of [all, half]) await world.summary(["snapshot", "--store", store, source]);
    expect(readdirSync(join(store, "blobs")).filter((name) => name.startsWith("blobs-"))).toHaveLength(1);
    await expect(
      runProgram("dd", ["if=/dev/zero", `of=${join(disk, "filler")}`, "bs=64k"]),
    ).resolves.toMatchObject({ code: 1 });
    await world.summary(["rm", "--yes", "--store", store, "all"]);
    const collected = await world.summary(["gc", "--store", store]);
    expect(collected["returned"]).toBeGreaterThan(15 * MIB);
    await world.summary(["check", "--read-data", "--store", store]);
    const target = join(directory, "restored");
    await world.summary(["restore", "--store", store, "half", target]);
    expect(await treeHash(target)).toBe(await treeHash(half));
  });

  test("under the destination of a restore", async () => {
    const { world, directory, store } = await makeSmallStore("full-target");
    const disk = join(directory, "disk");
    await mountSmallDisk(disk, 3 * MIB);
    const target = join(disk, "restored");
    const words = ["restore", "--store", store, "photos", target, "--json"];
    const result = await world.run(words);
    expectFailure(words, result, { exit: 1, names: disk, next: /space|disk/ });
  });
});
