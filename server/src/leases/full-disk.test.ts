/** Leases on a full disk: what cannot be written is written later, and what is given back hinders nobody who makes room. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Leases } from "../database.ts";
import { type Level, openLevel } from "../keyspace/open-level.ts";
import { openLeases } from "./open-leases.ts";

let directory: string;
let level: Level;
let full = false;
let leases: Leases & { close(): Promise<void> };

const refused = (): Error =>
  Object.assign(new Error("IO error: No space left on device"), { code: "LEVEL_IO_ERROR" });

/** The LevelDB, which refuses to write while the disk is full. */
function onFullDisk(whole: Level): Level {
  return new Proxy(whole, {
    get(target, property) {
      const value = Reflect.get(target, property) as unknown;
      if (typeof value !== "function") return value;
      if (property !== "put" && property !== "del" && property !== "clear") return value.bind(target);
      return (...args: unknown[]) => (full ? Promise.reject(refused()) : Reflect.apply(value, target, args));
    },
  });
}

async function open(): Promise<void> {
  level = await openLevel(join(directory, "local"));
  leases = await openLeases({
    ...{ local: onFullDisk(level), hash: "sha256" },
    ...{ now: () => 1000, sequence: () => 0, warn: () => {} },
  });
}

async function reopen(): Promise<void> {
  await leases.close();
  await level.close();
  await open();
}

async function listed(): Promise<number> {
  let count = 0;
  for await (const _ of leases.list()) count += 1;
  return count;
}

beforeEach(async () => {
  full = false;
  directory = mkdtempSync(join(tmpdir(), "datadb-test-leases-"));
  await open();
});

afterEach(async () => {
  await leases.close();
  await level.close();
  rmSync(directory, { recursive: true, force: true });
});

test("a lease whose names found no room ends all the same", async () => {
  const lease = await leases.take();
  full = true;
  lease.note("data", [Buffer.alloc(32, 1)]);
  await expect(lease.flush()).rejects.toMatchObject({ code: "DISK_FULL" });
  full = false;
  await leases.release(lease.id);
  await reopen();
  expect(await listed()).toBe(0);
});

test("a lease that cannot be removed protects nothing any more, and goes when there is room", async () => {
  const lease = await leases.take();
  lease.note("data", [Buffer.alloc(32, 1)]);
  await lease.flush();
  full = true;
  await expect(leases.release(lease.id)).rejects.toMatchObject({ code: "DISK_FULL" });
  expect(await listed()).toBe(0);
  await leases.prune();
  full = false;
  await expect(leases.take({ id: lease.id })).rejects.toMatchObject({ code: "NOT_FOUND" });
  await reopen();
  expect(await listed()).toBe(0);
});

test("names that found no room are written when there is some", async () => {
  const lease = await leases.take();
  full = true;
  lease.note("data", [Buffer.alloc(32, 1)]);
  await expect(lease.flush()).rejects.toMatchObject({ code: "DISK_FULL" });
  lease.note("node", [Buffer.alloc(32, 2)]);
  await expect(lease.flush()).rejects.toMatchObject({ code: "DISK_FULL" });
  full = false;
  await lease.flush();
  const names: string[] = [];
  for await (const batch of leases.protectedBy(lease.id)) for (const { kind } of batch) names.push(kind);
  expect(names).toEqual(["data", "node"]);
});

test("who makes room on a full disk does not wait for those who left", async () => {
  const [gone, here] = [await leases.take(), await leases.take()];
  gone.note("data", [Buffer.alloc(32, 1)]);
  leases.leave(gone.id);
  await leases.prune();
  expect(await listed()).toBe(2);
  await leases.prune({ left: true });
  expect(await listed()).toBe(1);
  await expect(leases.take({ id: gone.id })).rejects.toMatchObject({ code: "NOT_FOUND" });
  leases.leave(here.id);
  await leases.take({ id: here.id });
  await leases.prune({ left: true });
  expect(await listed()).toBe(1);
  await reopen();
  expect(await listed()).toBe(1);
  await leases.prune({ left: true });
  expect(await listed()).toBe(0);
});
