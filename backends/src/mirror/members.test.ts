/** What a mirror does with members that are away, behind, damaged or wrong. */
import type { BlobRecord } from "@datadb/protocol";
import { ColdDataError, encodeBlob, hashOf } from "@datadb/protocol";
import { expect, test, vi } from "vitest";
import type { Backend } from "../backend.ts";
import { sampleRecords } from "../suite/sample-records.ts";
import { createRandom, runSeed } from "../suite/seeded-random.ts";
import { mirrorWorld } from "./mirror-world.ts";

const random = createRandom(runSeed());
const some = (count: number): BlobRecord[] => sampleRecords(random, "sha256", count, { kind: "data" });
const namesOf = (records: readonly BlobRecord[]): Buffer[] => records.map(({ name }) => name);
const states = (mirror: Backend): string[] => mirror.mirror!.status().map(({ state }) => state);

async function allUp(mirror: Backend): Promise<void> {
  await vi.waitFor(
    () => {
      mirror.mirror?.wake();
      expect(new Set(states(mirror))).toEqual(new Set(["up"]));
    },
    { timeout: 60_000, interval: 2 },
  );
}

test("with fewer members up than required a flush says so, and what was accepted is not lost", async () => {
  const world = mirrorWorld(2);
  const mirror = await world.open({ required: 2 });
  const records = some(5);
  await mirror.putMany(records);
  await mirror.flush();
  world.down[1] = true;
  const more = some(5);
  await mirror.putMany(more);
  await expect(mirror.flush()).rejects.toMatchObject({
    code: "BACKEND_UNAVAILABLE",
    message: expect.stringContaining("1 of 2 members"),
  });
  world.down[1] = false;
  await allUp(mirror);
  await mirror.flush();
  await mirror.close();
  const alone = await world.openAlone(1);
  expect(await alone.getMany("data", namesOf([...records, ...more]))).toEqual([...records, ...more]);
  await alone.close();
});

test("what goes through is counted once, and for each member what it was given and what was read from it", async () => {
  const world = mirrorWorld(2);
  const mirror = await world.open();
  const all = sampleRecords(random, "sha256", 6, { kind: "data", payloadLength: 100 });
  await mirror.putMany(all.slice(0, 4));
  await mirror.flush();
  world.down[1] = true;
  await mirror.putMany(all.slice(4));
  await mirror.flush();
  expect(await mirror.getMany("data", namesOf(all.slice(0, 3)))).toEqual(all.slice(0, 3));
  const through = {
    "blobs-uploaded": 6,
    "bytes-uploaded": 600,
    "blobs-downloaded": 3,
    "bytes-downloaded": 300,
  };
  const counters = () => mirror.mirror!.status().map((member) => member.counters);
  expect(mirror.counters()).toMatchObject(through);
  expect(counters()).toEqual([
    through,
    expect.objectContaining({ "blobs-uploaded": 4, "blobs-downloaded": 0 }),
  ]);
  world.down[1] = false;
  await allUp(mirror);
  expect(counters()[1]).toMatchObject({ "blobs-uploaded": 6, "bytes-uploaded": 600 });
  expect(mirror.counters()).toMatchObject({ ...through, "records-delivered": 2 });
  await mirror.close();
});

test("a member that is behind never stands in for one that has everything", async () => {
  const world = mirrorWorld(2);
  const mirror = await world.open();
  world.down[0] = true;
  await mirror.putMany(some(3));
  await mirror.flush();
  await mirror.close();
  [world.down[0], world.down[1]] = [false, true];
  await expect(world.open()).rejects.toMatchObject({
    code: "BACKEND_UNAVAILABLE",
    message: expect.stringContaining("no member that has everything"),
  });
  world.down[1] = false;
  const again = await world.open();
  await allUp(again);
  await again.close();
});

test("without any member every call says that nothing can be reached, and nothing is said to be absent", async () => {
  const world = mirrorWorld(2);
  const mirror = await world.open();
  const records = some(3);
  await mirror.putMany(records);
  await mirror.flush();
  world.down.fill(true);
  for (const call of [
    () => mirror.hasMany("data", namesOf(records)),
    () => mirror.getMany("data", namesOf(records)),
    () => mirror.putMany(some(1)),
    () => mirror.removeMany("data", namesOf(records)),
  ])
    await expect(call()).rejects.toMatchObject({ code: "BACKEND_UNAVAILABLE" });
  world.down.fill(false);
  await allUp(mirror);
  expect([...(await mirror.hasMany("data", namesOf(records)))]).toEqual([1, 1, 1]);
  await mirror.close();
});

test("a full disk is one that is away: the others go on, and it is given what it missed when there is room", async () => {
  const world = mirrorWorld(2);
  const mirror = await world.open();
  const records = some(20);
  world.disk.fault = (operation, path) =>
    operation === "write" && path.startsWith(world.directory(1))
      ? Object.assign(new Error("full"), { code: "ENOSPC" })
      : null;
  await mirror.putMany(records);
  await mirror.flush();
  expect(states(mirror)[1]).not.toBe("up");
  expect(mirror.mirror?.status()[1]).toMatchObject({
    records: 20,
  });
  world.disk.fault = null;
  await allUp(mirror);
  await mirror.close();
  const alone = await world.openAlone(1);
  expect(await alone.getMany("data", namesOf(records))).toEqual(records);
  await alone.close();
});

test("what the process was killed over while it was delivered is delivered by the next one, bases first", async () => {
  const world = mirrorWorld(2);
  let mirror = await world.open();
  world.down[1] = true;
  const records = some(3000).map(
    (record): BlobRecord => ({ ...record, encoding: "raw", base: null, length: record.payload.length }),
  );
  for (let at = 1; at < records.length; at += 2)
    records[at] = { ...records[at]!, encoding: "zstd-delta", base: records[at - 1]!.name };
  await mirror.putMany(records);
  await mirror.flush();
  expect(mirror.mirror?.status()[1]?.records).toBe(3000);
  let kills = 0;
  for (; kills < 5; kills++) {
    let calls = 0;
    const limit = 1 + random.integer(4);
    let reached = (): void => {};
    const here = new Promise<void>((resolve) => {
      reached = resolve;
    });
    world.down[1] = false;
    world.faults = (member, call) => {
      if (member !== 1 || (call !== "putMany" && call !== "flush")) return null;
      calls += 1;
      if (calls === limit) reached();
      return null;
    };
    mirror.mirror?.wake();
    await Promise.race([here, allUp(mirror)]);
    const old = mirror;
    world.crash();
    await old.close().catch(() => undefined);
    mirror = await world.open();
    const alone = mirror.inner[1]!;
    // At no time a difference without its base.
    const there = await alone.hasMany("data", namesOf(records));
    for (let at = 1; at < records.length; at += 2) if (there[at] === 1) expect(there[at - 1]).toBe(1);
  }
  await allUp(mirror);
  await mirror.close();
  const alone = await world.openAlone(1);
  expect([...(await alone.hasMany("data", namesOf(records)))]).not.toContain(0);
  await alone.close();
});

test("wrong content under a right checksum is replaced from the member that has the right one", async () => {
  const world = mirrorWorld(2);
  const mirror = await world.open();
  const content = Buffer.from("what the name says");
  const right = encodeBlob("data", hashOf("sha256", content), content);
  const wrong = { ...right, payload: Buffer.from("what no name says!") };
  await mirror.inner[0]?.putMany([wrong]);
  await mirror.inner[1]?.putMany([right]);
  await mirror.flush();
  expect((await mirror.getMany("data", [right.name]))[0]?.payload).toEqual(wrong.payload);
  await mirror.distrustMany("data", [right.name]);
  expect([...(await mirror.hasMany("data", [right.name]))]).toEqual([1]);
  expect(await mirror.getMany("data", [right.name])).toEqual([right]);
  expect(await mirror.inner[0]?.getMany("data", [right.name])).toEqual([right]);
  await mirror.close();
});

test("what is cold in one member is read from another, and nobody is down for it", async () => {
  const world = mirrorWorld(2);
  const mirror = await world.open();
  const records = some(4);
  await mirror.putMany(records);
  await mirror.flush();
  world.faults = (member, call) =>
    member === 0 && call === "getMany" ? new ColdDataError("in the vault") : null;
  expect(await mirror.getMany("data", namesOf(records))).toEqual(records);
  expect(states(mirror)).toEqual(["up", "up"]);
  world.faults = (_, call) => (call === "getMany" ? new ColdDataError("in the vault") : null);
  await expect(mirror.getMany("data", namesOf(records))).rejects.toMatchObject({ code: "COLD_DATA" });
  expect(states(mirror)).toEqual(["up", "up"]);
  await mirror.close();
});
