/** datadb as a library: a program that backs up, lists, reads, restores and removes without the command. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { listBackups, openStore, removeBackup, restore, snapshot } from "datadb";
import { expect, test } from "vitest";
import { differences } from "../harness/compare-trees.ts";
import { randomOf } from "../harness/random.ts";
import { scratch } from "../harness/scratch.ts";

test("a program's whole cycle, with metadata, progress and an end by AbortSignal", async () => {
  const directory = scratch("library");
  const source = join(directory, "source");
  mkdirSync(source);
  const random = randomOf("library");
  for (let i = 0; i < 200; i++) writeFileSync(join(source, `${i}`), random.bytes(20_000));
  await using store = await openStore(join(directory, "store"), { create: true });
  let events = 0;
  const summary = await snapshot(store, [source], {
    name: "mine",
    host: "here",
    meta: { ticket: "4711" },
    tags: ["first"],
    onProgress: () => events++,
  });
  expect(summary.complete).toBe(true);
  expect(events).toBeGreaterThan(0);
  const [backup] = await listBackups(store);
  expect(backup).toMatchObject({ name: "mine", host: "here", meta: { ticket: "4711" }, tags: ["first"] });
  if (backup === undefined) return;
  const target = join(directory, "restored");
  await restore(store, backup, "", target);
  expect(await differences(source, target)).toEqual([]);

  const abort = new AbortController();
  writeFileSync(join(source, "more"), random.bytes(5_000_000));
  const aborted = snapshot(store, [source], {
    name: "mine",
    host: "here",
    signal: abort.signal,
  });
  // In the next turn: nothing is read by then, however fast the machine is.
  setImmediate(() => abort.abort(new Error("enough")));
  await expect(aborted).rejects.toThrow();
  expect(await listBackups(store)).toHaveLength(1);
  await removeBackup(store, backup);
  expect(await listBackups(store)).toEqual([]);
});
