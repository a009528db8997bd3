/** Names that change meanwhile are told from those that do not. */
import { expect, test } from "vitest";
import { createIndexChanges } from "./index-changes.ts";

const nameOf = (number: number): Buffer => {
  const name = Buffer.alloc(32);
  name.writeUInt32BE(number);
  return name;
};

test("only what changes while somebody watches is remembered", async () => {
  const changes = createIndexChanges();
  changes.note([nameOf(1)]);
  const first = await changes.watch();
  const second = await changes.watch();
  changes.note([nameOf(2)]);
  second.close();
  changes.note([nameOf(3)]);
  expect([1, 2, 3].map((number) => first.has(nameOf(number)))).toEqual([false, true, true]);
  expect([1, 2, 3].map((number) => second.has(nameOf(number)))).toEqual([false, true, false]);
});

test("a watch begins when the writes before it have ended, also those that fail", async () => {
  const changes = createIndexChanges();
  const ends: (() => void)[] = [];
  const write = new Promise<void>((resolve) => ends.push(resolve));
  const failing = new Promise<void>((_, reject) => ends.push(() => reject(new Error("no"))));
  changes.note([nameOf(1)], write);
  changes.note([nameOf(2)], failing);
  let watching = false;
  const watch = changes.watch().then((changed) => {
    watching = true;
    return changed;
  });
  changes.note([nameOf(3)]);
  ends[0]!();
  await write;
  expect(watching).toBe(false);
  ends[1]!();
  expect((await watch).has(nameOf(3))).toBe(true);
});

test("beyond so many names any may have changed", async () => {
  const changes = createIndexChanges();
  const changed = await changes.watch();
  const names = Array.from({ length: 40_000 }, (_, at) => nameOf(at));
  changes.note(names);
  expect(changed.has(nameOf(50_000))).toBe(false);
  changes.note(names);
  expect(changed.has(nameOf(50_000))).toBe(true);
});
