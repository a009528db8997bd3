/** Stores whose databases and packs are of different times. */
import { cp, rm } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Database } from "../database.ts";
import { readString } from "../keyspace/read-string.ts";
import { createScratchStore, type ScratchStore } from "../store/scratch-store.ts";

let store: ScratchStore;
beforeEach(async () => {
  store = await createScratchStore();
});
afterEach(() => store.remove());

const database = Buffer.from("0");

async function set(open: Database, key: string): Promise<void> {
  await open.commits.commit([{ op: "set", database, key: Buffer.from(key), value: Buffer.from(key) }]);
}

async function setAndClose(key: string): Promise<void> {
  await using open = await store.open();
  await set(open, key);
}

const read = (open: Database, key: string): string | undefined =>
  readString(open.keyspace, database, Buffer.from(key))?.toString();

/** Keeps a copy of parts of the store, and puts it back in place of them. */
function keep(...parts: string[]): { copy(): Promise<void>; putBack(): Promise<void> } {
  const at = (part: string): string => join(store.directory, part);
  return {
    async copy() {
      for (const part of parts) await cp(at(part), at(`old-${part}`), { recursive: true });
    },
    async putBack() {
      for (const part of parts) {
        await rm(at(part), { recursive: true });
        await cp(at(`old-${part}`), at(part), { recursive: true });
      }
    },
  };
}

test("older databases beside newer packs catch up with the log, and never write a sequence number twice", async () => {
  await setAndClose("first");
  const old = keep("meta", "local");
  await old.copy();
  await setAndClose("second");
  await old.putBack();
  const open = await store.open();
  expect(read(open, "second")).toBe("second");
  await set(open, "third");
  await open.close();
  await rm(join(store.directory, "meta"), { recursive: true });
  await using again = await store.open();
  expect(["first", "second", "third"].map((key) => read(again, key))).toEqual(["first", "second", "third"]);
});

test("newer databases beside older packs are damage, and are told at once", async () => {
  await setAndClose("first");
  const old = keep("blobs");
  await old.copy();
  await setAndClose("second");
  await old.putBack();
  await expect(store.open()).rejects.toMatchObject({ code: "DAMAGED" });
});
