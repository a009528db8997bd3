/** Stores that are not there, not ours, not mounted, or of another time. */
import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { describe, expect, test } from "vitest";
import { expectFailure } from "../harness/expect-failure.ts";
import { lane } from "../harness/lanes.ts";
import { mountAgain, mountSmallDisk } from "../harness/small-disk.ts";
import { makeSmallStore } from "../harness/small-store.ts";

describe("a path that is no store", () => {
  test.each(["ls", "check", "stats"])("%s says so and does not make one", async (verb) => {
    const { world, directory } = await makeSmallStore("no-store");
    const place = join(directory, "nothing here");
    const words = [verb, "--store", place, "--json"];
    expectFailure(words, await world.run(words), {
      exit: 1,
      code: "NO_STORE",
      names: place,
      next: /--store|datadb init/,
    });
    expect(readdirSync(directory)).not.toContain("nothing here");
  });

  test("snapshot does not move into a directory that holds other things", async () => {
    const { world, directory, source } = await makeSmallStore("other-things");
    const place = join(directory, "other things");
    mkdirSync(place);
    writeFileSync(join(place, "letter.txt"), "not a store");
    const words = ["snapshot", "--store", place, source, "--json"];
    const result = await world.run(words);
    expectFailure(words, result, { exit: 1, names: place, next: /empty directory|--store|datadb init/ });
    expect(readdirSync(place)).toEqual(["letter.txt"]);
  });
});

describe("a store that was known", () => {
  test("and is gone: no new one is begun in its place", async () => {
    const { world, store, source } = await makeSmallStore("gone");
    renameSync(store, `${store}.elsewhere`);
    mkdirSync(store);
    const words = ["snapshot", "--store", store, source, "--json"];
    const result = await world.run(words);
    expectFailure(words, result, { exit: 1, code: "STORE_MISSING_KNOWN", names: store, next: /mounted/ });
    expect(readdirSync(store)).toEqual([]);
  });

  test("and is another one now", async () => {
    const one = await makeSmallStore("one");
    const words = ["ls", "--store", one.store, "--json"];
    renameSync(one.store, `${one.store}.elsewhere`);
    const other = await makeSmallStore("other");
    renameSync(other.store, one.store);
    const result = await one.world.run(words);
    expectFailure(words, result, {
      exit: 1,
      code: "WRONG_STORE",
      names: one.store,
      next: /mounted|address|disk/,
    });
  });
});

lane("a disk that is not mounted", ["root"], () => {
  test("is noticed, and works again when it is", async () => {
    const { world, directory, source } = await makeSmallStore("disk");
    const [disk, mountPoint] = [join(directory, "disk"), join(directory, "mounted")];
    await mountSmallDisk(disk, 64 * 1024 * 1024);
    const mounted = await mountAgain(disk, mountPoint);
    const words = ["snapshot", "--store", join(mountPoint, "store"), source];
    await world.summary(words);
    await mounted.unmount();
    const failed = await world.run([...words, "--json"]);
    expectFailure(words, failed, {
      exit: 1,
      code: "STORE_MISSING_KNOWN",
      names: mountPoint,
      next: /mounted/,
    });
    expect(readdirSync(mountPoint)).toEqual([]);
    await mountAgain(disk, mountPoint);
    expect(await world.summary(words)).toMatchObject({ complete: true });
  });
});

describe("a store of a newer format", () => {
  test("is called newer, never damaged, and is left alone", async () => {
    const { world, store, source } = await makeSmallStore("newer");
    const config = join(store, "config.yaml");
    const text = readFileSync(config, "utf8");
    const newer = text.replace(/^format: *\d+/m, "format: 99");
    expect(newer).not.toBe(text);
    writeFileSync(config, newer);
    for (const words of [["ls"], ["snapshot", source], ["check"], ["rebuild"]]) {
      const all = [...words, "--store", store, "--json"];
      const result = await world.run(all);
      expectFailure(all, result, { exit: 1, code: "FORMAT_TOO_NEW", names: store, next: /newer/ });
    }
    expect(readFileSync(config, "utf8")).toBe(newer);
  });

  test("also when only a pack is newer", async () => {
    const { world, store } = await makeSmallStore("newer-pack");
    const pack = join(store, "blobs", "nodes-00001");
    const bytes = readFileSync(pack);
    bytes.writeUInt16LE(99, 8);
    // With its checksum: without, the header is damaged, whatever version it names.
    bytes.writeUInt32LE(crc32(bytes.subarray(0, 60)), 60);
    writeFileSync(pack, bytes);
    const words = ["check", "--read-data", "--store", store, "--json"];
    const result = await world.run(words);
    expect(result.code, result.stderr).not.toBe(0);
    expect(`${result.stderr}${result.stdout}`).toMatch(/newer/);
    expect(`${result.stderr}${result.stdout}`).toMatch(/nodes-00001/);
  });
});
