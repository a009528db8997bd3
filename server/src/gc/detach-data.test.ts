/** What becomes of chains of differences when the backups that their bases were made for are gone. */
import { join } from "node:path";
import { createRandom, type Random, runSeed } from "@datadb/backends/suite";
import { type BlobRecord, encodeAnew, hashOf } from "@datadb/protocol";
import { afterEach, beforeEach, expect, test } from "vitest";
import { readChain } from "../blobs/read-contents.ts";
import type { Database } from "../database.ts";
import {
  call,
  closeWorld,
  createGcWorld,
  type GcWorld,
  list,
  newSession,
  readBack,
  upload,
} from "./gc-world.ts";

const seed = runSeed();
let random: Random;
let world: GcWorld;
beforeEach(async () => {
  random = createRandom(seed);
  world = await createGcWorld();
});
afterEach(() => closeWorld(world));

const nameOf = (content: Buffer): Buffer => hashOf("sha256", content);

interface Version {
  id: string;
  ref: string;
  content: Buffer;
}

/**
 * A backup a day of one chunk of which so many bytes change each day, each with the day before as the hint. Fewer each day
 * make a long chain for certain.
 */
async function days(count: number, changedOn: (day: number) => number = () => 40): Promise<Version[]> {
  const versions: Version[] = [];
  let content = random.bytes(6000);
  const session = newSession(world);
  for (let day = 0; day < count; day++) {
    const changed = changedOn(day);
    const at = random.integer(content.length - changed);
    content = Buffer.concat([content.subarray(0, at), random.bytes(changed), content.subarray(at + changed)]);
    const last = versions.at(-1);
    const base = last === undefined ? [] : ["BASE", nameOf(last.content).toString("hex")];
    await call(session, "BPUT", Buffer.from(content), "KIND", "data", ...base);
    const ref = await upload(session, new Map([["file", [content]]]), () => undefined, random);
    const id = await list(session, "/daily", ref);
    versions.push({ id, ref: ref.toString("hex"), content });
  }
  await call(session, "LEASE", "END");
  session.close();
  return versions;
}

async function forget(versions: readonly Version[]): Promise<void> {
  const session = newSession(world);
  for (const { id } of versions) await call(session, "FORGET", id);
  session.close();
}

/** What the packs take on the disk. */
async function packBytes(): Promise<number> {
  const { disk, directory } = world.life;
  const blobs = join(directory, "blobs");
  const sizes = (await disk.list(blobs)).map((name) => disk.content(join(blobs, name))?.length ?? 0);
  return sizes.reduce((sum, size) => sum + size, 0);
}

async function chainOf({ blobs }: Database, { content }: Version): Promise<BlobRecord[]> {
  const [record] = await blobs.getRecords("data", [nameOf(content)]);
  if (!record) throw new Error("a version is gone");
  const chain = [record];
  for (let { base } = record; base !== null; base = chain[0]!.base)
    chain.unshift((await blobs.getRecords("data", [base]))[0]!);
  return chain;
}

async function dataNames({ blobs }: Database): Promise<string[]> {
  const names: string[] = [];
  for await (const page of blobs.names("data")) names.push(...page.map((name) => name.toString("hex")));
  return names.sort();
}

async function expectRestores(versions: readonly Version[]): Promise<void> {
  const session = newSession(world);
  for (const { ref, content } of versions)
    expect(await readBack(session, ref)).toEqual(new Map([["file", [content]]]));
  session.close();
  for await (const event of world.life.database.check({ readData: 100 }))
    expect(event.type, JSON.stringify(event)).not.toBe("finding");
}

test("bases that only one blob needs go with their backups; a dry run says as much", async () => {
  const versions = await days(16, (day) => 100 - 5 * day);
  const { database } = world.life;
  const newest = versions.at(-1)!;
  expect((await chainOf(database, newest)).length).toBeGreaterThan(2);
  await forget(versions.slice(0, -1));
  // Everything else goes first, with the checkpoints that forgetting asks for.
  for (let at = 0; at < 3; at++) await database.collect({ unused: 1 });
  expect((await chainOf(database, newest)).length).toBeGreaterThan(2);
  const before = (await database.stats()).kinds.data.storedBytes;
  const packs = await packBytes();
  const dry = await database.collect({ dryRun: true, unused: 0 });
  const { detached, blobs, bytes, returned } = await database.collect({ unused: 0 });
  expect([dry.detached, detached]).toEqual([1, 1]);
  // An older checkpoint may go, too.
  expect(blobs).toBeGreaterThanOrEqual(dry.blobs);
  expect(bytes).toBeGreaterThanOrEqual(dry.bytes);
  expect(dry.bytes).toBeGreaterThan(0);
  // But for a checkpoint and headers: what was encoded anew, 6,000 bytes that do not shrink, came before it went.
  expect(Math.abs(packs - (await packBytes()) - returned)).toBeLessThan(2500);
  expect(await dataNames(database)).toEqual([nameOf(newest.content).toString("hex")]);
  expect((await database.stats()).kinds.data.storedBytes).toBeLessThan(before);
  await expectRestores([newest]);
});

test("a base that several need stays, with theirs as its only users; no chain gets longer", async () => {
  const versions = await days(24);
  const { database } = world.life;
  const kept = versions.filter((_, day) => day % 5 === 4);
  const depths = await Promise.all(kept.map(async (one) => (await chainOf(database, one)).length));
  await forget(versions.filter((one) => !kept.includes(one)));
  await database.collect({ unused: 0 });
  const users = new Map<string, number>();
  for (const [at, one] of kept.entries()) {
    const chain = await chainOf(database, one);
    expect(chain.length).toBeLessThanOrEqual(depths[at]!);
  }
  const needed = new Set(kept.map(({ content }) => nameOf(content).toString("hex")));
  const names = await dataNames(database);
  for (const record of await database.blobs.getRecords(
    "data",
    names.map((name) => Buffer.from(name, "hex")),
  )) {
    const base = record?.base?.toString("hex");
    if (base !== undefined) users.set(base, (users.get(base) ?? 0) + 1);
  }
  for (const name of names) if (!needed.has(name)) expect(users.get(name)).toBeGreaterThan(1);
  await expectRestores(kept);
});

test("what would save little stays as it is, until more is asked for", async () => {
  const versions = await days(2);
  const { database } = world.life;
  const [first, second] = versions as [Version, Version];
  await forget([first]);
  expect(await database.collect({ unused: 0.5 })).toMatchObject({ blobs: expect.any(Number) });
  expect((await chainOf(database, second)).map(({ name }) => name)).toEqual([
    nameOf(first.content),
    nameOf(second.content),
  ]);
  await database.collect({ unused: 0 });
  expect((await chainOf(database, second)).map(({ name }) => name)).toEqual([nameOf(second.content)]);
  await expectRestores([second]);
});

test("a collection that is aborted has lost nothing, and the next one ends it", async () => {
  const versions = await days(12);
  await forget(versions.slice(0, -1));
  const { database } = world.life;
  const abort = new AbortController();
  const timer = setInterval(() => {
    if (database.collector().phase === "marking") abort.abort(new Error("stopped"));
  });
  await database.collect({ unused: 0, signal: abort.signal }).catch((error: Error) => {
    expect(error.message).toBe("stopped");
  });
  clearInterval(timer);
  await expectRestores(versions.slice(-1));
  await database.collect({ unused: 0 });
  expect(await dataNames(database)).toHaveLength(1);
  await expectRestores(versions.slice(-1));
});

test("a reader that has an old record in hand finds its way when the bases of that have gone", async () => {
  const versions = await days(12);
  const newest = versions.at(-1)!;
  const { database } = world.life;
  const old = await chainOf(database, newest);
  await forget(versions.slice(0, -1));
  await database.collect({ unused: 0 });
  expect(old.length).toBeGreaterThan(1);
  expect((await database.blobs.getRecords("data", [old[0]!.name]))[0]).toBeNull();
  const getMany = (kind: "data" | "node" | "log", names: readonly Buffer[]) =>
    database.blobs.getRecords(kind as "data", names);
  const backend = { getMany } as unknown as Parameters<typeof readChain>[0];
  const found = await readChain(backend, old.at(-1)!);
  expect(found.map(({ name }) => name)).toEqual([nameOf(newest.content)]);
});

test("what cannot be read is not encoded anew", async () => {
  const versions = await days(3);
  const chain = await chainOf(world.life.database, versions[2]!);
  const damaged = chain.map((record, at) => {
    if (at > 0) return record;
    const payload = Buffer.from(record.payload);
    payload[100]! ^= 1;
    return { ...record, payload };
  });
  expect(encodeAnew("sha256", damaged, null)).toBeUndefined();
  expect(encodeAnew("sha256", chain, null)).toMatchObject({ base: null, name: chain.at(-1)!.name });
});
