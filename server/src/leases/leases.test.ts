/** Leases: what they protect, that they last, that they end. */
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Database } from "../database.ts";
import { createScratchStore, type ScratchStore } from "../store/scratch-store.ts";

let store: ScratchStore;
beforeEach(async () => {
  store = await createScratchStore();
});
afterEach(() => store.remove());

async function protectedNames(open: Database, id: Buffer): Promise<string[]> {
  const names: string[] = [];
  for await (const batch of open.leases.protectedBy(id))
    for (const { kind, name } of batch) names.push(`${kind} ${name.toString("hex")}`);
  return names.sort();
}

test("a lease outlives its process, with every name its holder put or was told exists", async () => {
  const open = await store.open();
  const other = await open.blobs.putContent("data", Buffer.from("there before"));
  const lease = await open.leases.take({ parent: Buffer.alloc(32, 5) });
  const put = await open.blobs.putContent("data", Buffer.from("own"), { lease });
  await open.blobs.hasMany("data", [other, Buffer.alloc(32)], lease);
  await open.close();

  const again = await store.open();
  const renewed = await again.leases.take({ id: lease.id, seconds: 60 });
  const third = await again.blobs.putContent("data", Buffer.from("later"), { lease: renewed });
  const expected = [put, other, third].map((name) => `data ${name.toString("hex")}`).sort();
  expect(await protectedNames(again, lease.id)).toEqual(expected);
  const listed = [];
  for await (const facts of again.leases.list()) listed.push(facts);
  expect(listed).toMatchObject([{ id: lease.id, parent: Buffer.alloc(32, 5), sequence: 0 }]);
  await again.leases.release(lease.id);
  expect(await protectedNames(again, lease.id)).toEqual([]);
  await expect(again.leases.take({ id: lease.id })).rejects.toMatchObject({ code: "NOT_FOUND" });
  await again.close();
});

test("a lease ends after its time, 24 hours by default", async () => {
  let clock = 0;
  const open = await store.open({ now: () => clock });
  const lease = await open.leases.take();
  expect(lease.expires).toBe(24 * 60 * 60 * 1000);
  clock = lease.expires - 1;
  expect((await open.leases.take({ id: lease.id })).expires).toBe(clock + 24 * 60 * 60 * 1000);
  await open.close();
  clock *= 3;
  await using again = await store.open({ now: () => clock });
  await expect(again.leases.take({ id: lease.id })).rejects.toMatchObject({ code: "NOT_FOUND" });
  for await (const facts of again.leases.list()) expect.fail(`lease ${facts.id.toString("hex")} is not over`);
});

test("hundreds of thousands of names are written in batches", async () => {
  await using open = await store.open();
  const lease = await open.leases.take();
  const names = Array.from({ length: 10_000 }, (_, i) => {
    const name = Buffer.alloc(32);
    name.writeUInt32BE(i);
    return name;
  });
  for (let round = 0; round < 20; round += 1) lease.note("node", names);
  await lease.flush();
  let [batches, count] = [0, 0];
  for await (const batch of open.leases.protectedBy(lease.id)) {
    batches += 1;
    count += batch.length;
  }
  expect(count).toBe(200_000);
  expect(batches).toBeLessThan(200);
});
