/** --one-file-system: what is mounted below SOURCE is a directory in the backup, and empty. */
import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { lane } from "../harness/lanes.ts";
import { mountSmallDisk } from "../harness/small-disk.ts";
import { makeSmallStore } from "../harness/small-store.ts";

const DISK_BYTES = 1 << 20;

lane("a source with a disk mounted in it", ["root"], () => {
  test("is backed up with or without that disk, in turn", async () => {
    const { world, directory, store, source } = await makeSmallStore("one-file-system");
    const disk = await mountSmallDisk(join(source, "disk"), DISK_BYTES);
    writeFileSync(join(disk.directory, "there.txt"), "on another disk");
    const restored = async (...options: string[]): Promise<string[]> => {
      const { backup } = await world.summary(["snapshot", "--store", store, source, ...options]);
      const target = join(directory, backup);
      await world.summary(["restore", "--store", store, backup, target]);
      return readdirSync(join(target, "disk"));
    };
    expect(await restored("--one-file-system")).toEqual([]);
    expect(await restored()).toEqual(["there.txt"]);
    // The scan cache knows the disk's content now; it must not come back from there.
    expect(await restored("--one-file-system")).toEqual([]);
    await disk.unmount();
  });
});
