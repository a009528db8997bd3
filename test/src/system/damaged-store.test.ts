/** Bytes that are not what was written: found, named, and mended where the log and the packs allow it. */
import { readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { describeResult } from "../harness/command.ts";
import { treeHash } from "../harness/compare-trees.ts";
import { damageLargestRecord } from "../harness/corruptions.ts";
import { expectFailure } from "../harness/expect-failure.ts";
import { makeSmallStore, type SmallStore } from "../harness/small-store.ts";

/** Flips bytes in the middle of the file. */
function damage(file: string): void {
  const bytes = readFileSync(file);
  const middle = Math.floor(bytes.length / 2);
  for (let i = 0; i < 64; i++) bytes[middle + i] = (bytes[middle + i] as number) ^ 0xa5;
  writeFileSync(file, bytes);
}

async function restores(small: SmallStore, label: string): Promise<void> {
  const target = join(small.directory, label);
  await small.world.summary(["restore", "--store", small.store, small.backup, target]);
  expect(await treeHash(target)).toBe(await treeHash(small.source));
}

describe("a corrupted pack", () => {
  test("of data: check and restore name it, and the rest restores", async () => {
    const small = await makeSmallStore("data");
    damageLargestRecord(small.store, "data");
    const check = ["check", "--read-data", "--store", small.store, "--json"];
    const checked = await small.world.run(check);
    expectFailure(check, checked, {
      exit: 5,
      names: /blobs-00001|[0-9a-f]{64}/,
      next: /restore|check|copy|snapshot/,
    });
    const target = join(small.directory, "restored");
    const restore = ["restore", "--store", small.store, small.backup, target, "--json"];
    const restored = await small.world.run(restore);
    expect(restored.code, describeResult(restore, restored)).toBe(5);
    expect(restored.stderr).toMatch(/large [ab].*: bytes \d+ to \d+ are out of reach: /);
    const part = join(small.directory, "part");
    await small.world.summary(["restore", "--store", small.store, `${small.backup}:small`, part]);
    expect(await treeHash(part)).toBe(await treeHash(join(small.source, "small")));
  });

  test("of data, with both databases gone: rebuild says so, and all that is whole restores", async () => {
    const small = await makeSmallStore("data-rebuilt");
    damageLargestRecord(small.store, "data");
    for (const database of ["meta", "local"]) rmSync(join(small.store, database), { recursive: true });
    const rebuild = ["rebuild", "--store", small.store, "--json"];
    expectFailure(rebuild, await small.world.run(rebuild), { exit: 5, names: /blobs-00001/, next: /check/ });
    const target = join(small.directory, "restored");
    const restore = ["restore", "--store", small.store, small.backup, target, "--json"];
    const restored = await small.world.run(restore);
    expect(restored.code, describeResult(restore, restored)).toBe(5);
    expect(restored.stderr).toMatch(/large [ab]/);
    expect(await treeHash(join(target, "small"))).toBe(await treeHash(join(small.source, "small")));
  });

  test("of nodes: exit 5, never a backup with entries missing", async () => {
    const small = await makeSmallStore("nodes");
    damage(join(small.store, "blobs", "nodes-00001"));
    const target = join(small.directory, "restored");
    const restore = ["restore", "--store", small.store, small.backup, target, "--json"];
    const result = await small.world.run(restore);
    expect(result.code, describeResult(restore, result)).toBe(5);
    const check = ["check", "--store", small.store, "--json"];
    const checked = await small.world.run(check);
    expect(checked.code, describeResult(check, checked)).toBe(5);
  });

  test("cut short: what was durable before is still there", async () => {
    const small = await makeSmallStore("torn");
    const pack = join(small.store, "blobs", "blobs-00001");
    // As a crash leaves it: a record that was begun and not finished.
    writeFileSync(pack, Buffer.concat([readFileSync(pack), Buffer.from("dRec"), Buffer.alloc(100)]));
    await restores(small, "after-torn");
    await small.world.summary(["snapshot", "--store", small.store, small.source]);
    await small.world.summary(["check", "--read-data", "--store", small.store]);
  });
});

describe.each(["meta", "local"])("a truncated LevelDB: %s/", (database) => {
  test.each(["the log", "the tables", "the manifest", "everything"])("%s", async (part) => {
    const small = await makeSmallStore(`level-${database}`);
    // Many entries, then a reopening: so that there are tables, too.
    await small.world.summary(["check", "--store", small.store]);
    const directory = join(small.store, database);
    const files = readdirSync(directory);
    const chosen = files.filter((name) => {
      if (part === "the log") return name.endsWith(".log");
      if (part === "the tables") return /\.(ldb|sst)$/.test(name);
      if (part === "the manifest") return name.startsWith("MANIFEST");
      return true;
    });
    for (const name of chosen) {
      if (part === "everything") rmSync(join(directory, name), { recursive: true });
      else truncateSync(join(directory, name), Math.floor(statSync(join(directory, name)).size / 2));
    }
    const words = ["ls", "--store", small.store, "--json"];
    const listed = await small.world.run(words);
    // Either it heals from packs and log by itself, or it says what is wrong and that rebuild mends it.
    if (listed.code !== 0 || !listed.stdout.includes(small.backup)) {
      expectFailure(words, listed, { exit: 5, names: small.store, next: /datadb rebuild/ });
      await small.world.summary(["rebuild", "--store", small.store]);
    }
    expect((await small.world.run(words)).stdout).toContain(small.backup);
    await restores(small, "after");
    await small.world.summary(["check", "--read-data", "--store", small.store]);
  });
});
