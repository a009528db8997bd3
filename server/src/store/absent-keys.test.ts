import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { type Level, openLevel } from "../keyspace/open-level.ts";
import { createAbsentKeys } from "./absent-keys.ts";
import { indexPrefix, levelRecordIndex } from "./level-record-index.ts";

const prefix = indexPrefix("blobsfile:blobs");
const keyOf = (kind: number, byte: number): Buffer =>
  Buffer.concat([Buffer.from([kind]), Buffer.alloc(32, byte)]);
const value = Buffer.from("value");
let directory: string;
let level: Level;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "datadb-absent-"));
  level = await openLevel(directory);
});
afterEach(async () => {
  await level.close();
  await rm(directory, { recursive: true });
});

test("of kinds that an index begins without, those keys are absent that were not written since", async () => {
  await levelRecordIndex(level, prefix).write([[keyOf(2, 1), value]], []);
  // Another index, whose keys come right behind.
  await levelRecordIndex(level, indexPrefix("blobsfile:blobs2")).write([[keyOf(1, 1), value]], []);
  const index = levelRecordIndex(level, prefix, createAbsentKeys(level, prefix, false));
  expect(index.lacks?.(keyOf(1, 1))).toBe(false);
  const written = index.write([[keyOf(1, 1), value]], []);
  await vi.waitFor(() => expect(index.lacks?.(keyOf(1, 2))).toBe(true));
  await written;
  expect(index.getMany([keyOf(1, 1), keyOf(1, 2), keyOf(2, 1), keyOf(2, 2)])).toEqual([
    value,
    undefined,
    value,
    undefined,
  ]);
  await index.write([[keyOf(1, 2), value]], [keyOf(1, 1)]);
  expect([index.lacks?.(keyOf(1, 2)), index.lacks?.(keyOf(2, 1))]).toEqual([false, false]);
  expect(index.getMany([keyOf(1, 1), keyOf(1, 2)])).toEqual([undefined, value]);
  // Once it is known that there were some of a kind in the beginning, nothing is said of that kind.
  expect(index.lacks?.(keyOf(2, 2))).toBe(false);
});

test("of an empty index that is known without looking, and of one that others write to nothing is", async () => {
  const empty = levelRecordIndex(level, prefix, createAbsentKeys(level, prefix, true));
  expect(empty.lacks?.(keyOf(1, 1))).toBe(true);
  await empty.write([[keyOf(1, 1), value]], []);
  expect([empty.lacks?.(keyOf(1, 1)), empty.lacks?.(keyOf(1, 2))]).toEqual([false, true]);
  expect(levelRecordIndex(level, prefix).lacks).toBeUndefined();
});

test("puts that are told one by one are copied before the next is told, also into the index of a LevelDB", async () => {
  const index = levelRecordIndex(level, prefix, createAbsentKeys(level, prefix, true));
  const key = keyOf(1, 0);
  const told = Buffer.alloc(1);
  await index.write([[keyOf(1, 9), value]], [keyOf(1, 3)], {
    more(put) {
      for (let byte = 1; byte <= 4; byte++) {
        key.fill(byte, 1);
        told[0] = byte;
        put(key, told);
      }
    },
  });
  const found = index.getMany([1, 2, 3, 4, 9].map((byte) => keyOf(1, byte)));
  expect(found).toEqual([Buffer.from([1]), Buffer.from([2]), undefined, Buffer.from([4]), value]);
});
