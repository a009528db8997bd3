/** Snapshots, restores, readers, forgetting, collections, crashes, reconnects and jumps of the clock, all at once. */
import { setImmediate } from "node:timers/promises";
import { createRandom, type Random, runSeed } from "@datadb/backends/suite";
import { hashLength, hashOf, ReplyError, references } from "@datadb/protocol";
import { afterAll, expect, test } from "vitest";
import type { Database } from "../database.ts";
import type { Session } from "../session/session.ts";
import { findBackup } from "../stats/list-backups.ts";
import {
  call,
  closeWorld,
  crash,
  createGcWorld,
  type Files,
  type GcWorld,
  list,
  newSession,
  readBack,
  upload,
} from "./gc-world.ts";

const LONG = process.env["DATADB_TEST_LONG"] === "1";
/** Rounds in all; each lets several actions meet. */
const ROUNDS = Number(process.env["DATADB_TEST_INTERLEAVINGS"] ?? (LONG ? 100_000 : 500));
/** Rounds that have a time limit of their own. */
const ROUNDS_OF_TEST = 1000;
/** Rounds in one store. */
const ROUNDS_OF_STORE = 25;
const HOUR = 3_600_000;
const seed = runSeed();
const counts: Record<string, number> = {};
let unsureCommits = 0;

function count(what: string): void {
  counts[what] = (counts[what] ?? 0) + 1;
}

/** What an edited chunk was before. */
const versions = new WeakMap<Buffer, Buffer>();

/** Some chunks with a few bytes changed: they become differences, with chains of bases. */
function edited(random: Random, chunks: readonly Buffer[]): Buffer[] {
  return chunks.map((chunk) => {
    if (chunk.length < 40 || random.integer(2) === 0) return chunk;
    const at = random.integer(chunk.length - 8);
    const next = Buffer.concat([chunk.subarray(0, at), random.bytes(8), chunk.subarray(at + 8)]);
    versions.set(next, chunk);
    return next;
  });
}

/** Content repeats, so that backups share chunks, lose them and find them again. */
function newFiles(random: Random, before: Files | undefined): Files {
  const files: Files = new Map(before);
  for (const [name, chunks] of before ?? [])
    if (random.integer(2) === 0) files.set(name, edited(random, chunks));
  if (files.size > 1 && random.integer(2) === 0) return files;
  for (let at = 0; at < 1 + random.integer(3); at++) {
    const chunks = Array.from({ length: 1 + random.integer(6) }, () => {
      const kind = random.integer(3);
      if (kind === 0) return Buffer.from(`shared ${random.integer(40)} `.repeat(1 + random.integer(10)));
      return random.bytes(20 + random.integer(kind === 1 ? 200 : 1500));
    });
    files.set(`file-${random.integer(5)}`, chunks);
  }
  return files;
}

/** What a client must be ready for: it then sends everything again. */
const isLoss = (error: unknown): boolean =>
  error instanceof ReplyError && (error.kind === "LEASELOST" || error.kind === "NOCHILD");

interface Round {
  readonly world: GcWorld;
  readonly random: Random;
  /** Whether the life has ended, and errors mean nothing. */
  readonly dead: () => boolean;
}

/** For comparing: buffers are compared byte by byte, as objects with numbers for keys. */
const textOf = (files: Files): Map<string, string[]> =>
  new Map([...files].map(([name, chunks]) => [name, chunks.map((chunk) => chunk.toString("latin1"))]));

/** Mostly short; now and then long enough for a whole collection. */
async function pause(random: Random): Promise<void> {
  const longest = random.integer(8) === 0 ? 400 : 30;
  for (let turns = random.integer(longest); turns > 0; turns--) await setImmediate();
}

async function snapshot({ world, random, dead }: Round): Promise<void> {
  const path = `/source-${random.integer(3)}`;
  const session = newSession(world);
  const previous = random.pick([undefined, ...world.listed.values()]);
  const files = newFiles(random, previous);
  const bases = [...(previous?.values() ?? [])].flat();
  const hint = (chunk: Buffer): Buffer | undefined => {
    const before = versions.get(chunk);
    if (before !== undefined) return nameOfContent(before);
    return bases.length > 0 && random.integer(2) === 0 ? nameOfContent(random.pick(bases)) : undefined;
  };
  let current: Session = session;
  for (let attempt = 1; ; attempt++) {
    try {
      if (random.integer(2) === 0) await call(current, "LEASE");
      const ref = await upload(current, files, hint, random);
      await pause(random);
      if (random.integer(4) === 0) {
        // The connection is lost, and made again.
        const id = current.lease?.id.toString("hex");
        current.close();
        current = newSession(world);
        if (id !== undefined) await call(current, "LEASE", "ID", id).catch(() => undefined);
      }
      if (dead()) return;
      // Two snapshots of the same content are two backups.
      const key = `unsure ${unsureCommits++} ${ref.toString("hex")}`;
      world.unsure.set(key, files);
      const id = await list(current, path, ref);
      if (dead()) return;
      world.unsure.delete(key);
      world.listed.set(id, files);
      count("snapshots");
      if (random.integer(2) === 0) await call(current, "LEASE", "END");
      break;
    } catch (error) {
      if (dead()) return;
      if (!isLoss(error) || attempt > 5) throw error;
      count("sent again");
    }
  }
  current.close();
}

async function restore({ world, random, dead }: Round): Promise<void> {
  const [id, files] = random.pick([...world.listed, ["", null] as const]);
  if (files === null) return;
  const session = newSession(world);
  try {
    const found = await findBackup(world.life.database.keyspace, "sha256", id!);
    await call(session, "LEASE", "BACKUP", id!);
    await pause(random);
    expect(textOf(await readBack(session, found![0]!.name.toString("hex")))).toEqual(textOf(files));
    count("restores");
    await call(session, "LEASE", "END");
  } catch (error) {
    // Forgotten before the lease was there.
    if (dead() || (error instanceof ReplyError && error.kind === "NOTFOUND")) return;
    throw error;
  } finally {
    session.close();
  }
}

async function forget({ world, random, dead }: Round): Promise<void> {
  const ids = [...world.listed.keys()];
  if (ids.length === 0) return;
  const session = newSession(world);
  for (let at = 0; at < 1 + random.integer(3); at++) {
    const id = random.pick(ids);
    const files = world.listed.get(id);
    if (files === undefined) continue;
    world.listed.delete(id);
    world.unsure.set(id, files);
    await call(session, "FORGET", id);
    if (dead()) return;
    world.unsure.delete(id);
    count("forgotten");
  }
  session.close();
}

async function collect({ world, random, dead }: Round): Promise<void> {
  const abort = new AbortController();
  const stop = random.integer(4) === 0;
  const running = world.life.database.collect({ unused: random.pick([0, 0.3, 1]), signal: abort.signal });
  running.catch(() => undefined);
  if (stop) {
    await pause(random);
    abort.abort(new Error("stopped"));
  }
  try {
    const { blobs, detached } = await running;
    counts["collected"] = (counts["collected"] ?? 0) + blobs;
    counts["detached"] = (counts["detached"] ?? 0) + detached;
    count("collections");
  } catch (error) {
    if (dead() || (stop && (error as Error).message === "stopped")) return;
    if (error instanceof ReplyError && error.kind === "BUSY") return;
    throw error;
  }
}

async function jump({ world, random }: Round): Promise<void> {
  world.now += random.pick([60_000, HOUR, 30 * HOUR, -HOUR]);
}

const ACTIONS = [snapshot, snapshot, snapshot, restore, restore, forget, forget, collect, collect, jump];

function nameOfContent(content: Buffer): Buffer {
  return hashOf("sha256", content);
}

/** The model takes over what the log decided about commits whose answer was lost. */
async function settle(world: GcWorld): Promise<void> {
  const session = newSession(world);
  const listed = new Map<string, string>();
  for (const reply of (await call(session, "BACKUPS")) as { entries: [string, Buffer][] }[]) {
    const fields = new Map(reply.entries.map(([field, value]) => [String(field), String(value)]));
    listed.set(fields.get("id")!, fields.get("ref")!);
  }
  session.close();
  // Those that may have been forgotten first: their ids are known, and a lost commit may have the same content.
  for (const [id, files] of world.unsure) if (listed.has(id)) world.listed.set(id, files);
  for (const [key, files] of world.unsure) {
    const [id] = [...listed].find(([one, ref]) => key.endsWith(ref) && !world.listed.has(one)) ?? [];
    if (id !== undefined) world.listed.set(id, files);
  }
  world.unsure.clear();
  expect([...listed.keys()].sort()).toEqual([...world.listed.keys()].sort());
}

async function restoreAll(world: GcWorld): Promise<void> {
  const session = newSession(world);
  for (const [id, files] of world.listed) {
    const found = await findBackup(world.life.database.keyspace, "sha256", id);
    const there = await readBack(session, found![0]!.name.toString("hex"));
    expect(textOf(there), `backup ${id}`).toEqual(textOf(files));
  }
  session.close();
}

async function round(world: GcWorld, random: Random): Promise<void> {
  const { life } = world;
  let over = false;
  const dead = (): boolean => over || world.life !== life;
  const actions = Array.from({ length: 2 + random.integer(4) }, () => random.pick(ACTIONS));
  const running = actions.map(async (action) => {
    await pause(random);
    await action({ world, random, dead });
  });
  const failure = Promise.all(running).then(
    () => null,
    (error: unknown) => error,
  );
  if (random.integer(6) === 0) {
    await pause(random);
    await pause(random);
    over = true;
    await crash(world, random);
    count("crashes");
    await Promise.allSettled(running);
  } else {
    const error = await failure;
    await Promise.allSettled(running);
    if (error !== null) throw error;
  }
  await settle(world);
  await restoreAll(world);
}

/** Nothing is relied on any more but what is listed: after a collection there is nothing else. */
async function expectNoGarbage(world: GcWorld): Promise<void> {
  world.now += 60 * 24 * HOUR;
  const { database, disk, directory } = world.life;
  for (let at = 0; at < 2; at++) {
    const { detached } = await database.collect({ unused: 0 });
    counts["detached at the end"] = (counts["detached at the end"] ?? 0) + detached;
  }
  const needed = { data: new Set<string>(), node: new Set<string>() };
  const session = newSession(world);
  const todo: string[] = [];
  for (const id of world.listed.keys())
    todo.push((await findBackup(database.keyspace, "sha256", id))![0]!.name.toString("hex"));
  for (let ref = todo.pop(); ref !== undefined; ref = todo.pop()) {
    if (needed.node.has(ref)) continue;
    needed.node.add(ref);
    const content = (await call(session, "BGET", ref, "KIND", "node")) as Buffer;
    for (const { kind, name } of references(content, hashLength("sha256"))) {
      if (kind === "node") todo.push(name.toString("hex"));
      else needed.data.add(name.toString("hex"));
    }
  }
  session.close();
  const there: string[] = [];
  for await (const page of database.blobs.names("data"))
    there.push(...page.map((name) => name.toString("hex")));
  for (const name of needed.data) expect(there).toContain(name);
  const stats = await database.stats();
  await expectSharedBases(database, needed.data, there);
  const packed = await disk.list(`${directory}/blobs`);
  const bytes = packed
    .filter((file) => file.startsWith("blobs-"))
    .reduce((sum, file) => sum + disk.content(`${directory}/blobs/${file}`)!.length - 64, 0);
  expect(bytes).toBe(stats.kinds.data.storedBytes + stats.kinds.data.records * 52 + deltaBytes(stats));
  let findings = 0;
  for await (const event of database.check({ readData: 100 })) if (event.type === "finding") findings += 1;
  expect(findings).toBe(0);
}

/** What no backup needs is there only as a base. */
async function expectSharedBases(
  { blobs }: Database,
  needed: ReadonlySet<string>,
  there: readonly string[],
): Promise<void> {
  const users = new Map<string, number>();
  for (const name of there) {
    const [record] = await blobs.getRecords("data", [Buffer.from(name, "hex")]);
    const base = record!.base?.toString("hex");
    if (base !== undefined) users.set(base, (users.get(base) ?? 0) + 1);
  }
  for (const name of there) {
    if (needed.has(name)) continue;
    expect(users.get(name), `${name} is needed by somebody`).toBeGreaterThan(0);
    if (users.get(name) === 1) count("bases kept for one");
    else count("bases kept for several");
  }
}

/** A delta's record names its base. */
function deltaBytes({ encodings }: { encodings: { "zstd-delta": { records: number } } }): number {
  return encodings["zstd-delta"].records * 32;
}

async function runStore(number: number): Promise<void> {
  const random = createRandom(seed + number);
  const world = await createGcWorld();
  try {
    for (let at = 0; at < ROUNDS_OF_STORE; at++) {
      await round(world, random).catch((error: Error) => {
        const told = world.warnings.slice(-3).join("\n");
        error.message = `DATADB_TEST_SEED=${seed}, store ${number}, round ${at}: ${error.message}\n${told}`;
        throw error;
      });
    }
    await expectNoGarbage(world);
  } finally {
    await closeWorld(world);
  }
}

const stores = Math.ceil(ROUNDS / ROUNDS_OF_STORE);
const storesOfTest = ROUNDS_OF_TEST / ROUNDS_OF_STORE;
const parts = Array.from({ length: Math.ceil(stores / storesOfTest) }, (_, at) => at * storesOfTest);
test.each(parts)(
  `interleavings from store %i of ${stores} on, DATADB_TEST_SEED=${seed}: all that is listed restores, and no garbage is left`,
  async (first) => {
    for (let store = first; store < Math.min(stores, first + storesOfTest); store++) {
      await runStore(store);
      count("stores");
    }
  },
  HOUR,
);

afterAll(() =>
  console.log(
    `${(counts["stores"] ?? 0) * ROUNDS_OF_STORE} interleavings, DATADB_TEST_SEED=${seed}: ${JSON.stringify(counts)}`,
  ),
);
