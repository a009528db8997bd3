/** One collection at a time: what goes, what stays, and what is told of it. */
import { createRandom, runSeed, systemError } from "@datadb/backends/suite";
import { encodeListLeaf, encodeMeta, hashOf } from "@datadb/protocol";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openLevel } from "../keyspace/open-level.ts";
import { writeSweepMark } from "../log/local-marks.ts";
import { rebuildStore } from "../rebuild/rebuild-store.ts";
import {
  call,
  closeWorld,
  createGcWorld,
  type Files,
  type GcWorld,
  list,
  newSession,
  readBack,
  reopen,
  upload,
} from "./gc-world.ts";

const seed = runSeed();
const random = createRandom(seed);
const DAY = 24 * 3_600_000;
const bytes = (text: string): Buffer => Buffer.from(text);
const nameOf = (content: Buffer): Buffer => hashOf("sha256", content);
const hex = (content: Buffer): string => nameOf(content).toString("hex");

let world: GcWorld;
beforeEach(async () => {
  world = await createGcWorld();
});
afterEach(() => closeWorld(world));

function files(name: string, chunks = 20): Files {
  return new Map([[name, Array.from({ length: chunks }, () => random.bytes(300))]]);
}

/** Lists a backup, as a client that ends its lease; answers id, root and content. */
async function backup(path: string, content: Files): Promise<{ id: string; ref: string; content: Files }> {
  const session = newSession(world);
  const ref = await upload(session, content, () => undefined, random);
  const id = await list(session, path, ref);
  await call(session, "LEASE", "END");
  session.close();
  return { id, ref: ref.toString("hex"), content };
}

async function command(...words: string[]): Promise<unknown> {
  const session = newSession(world);
  try {
    return await call(session, ...words);
  } finally {
    session.close();
  }
}

function diskBytes(): Promise<number> {
  const { disk, directory } = world.life;
  const at = `${directory}/blobs`;
  return disk
    .list(at)
    .then((packs) => packs.reduce((sum, pack) => sum + (disk.content(`${at}/${pack}`)?.length ?? 0), 0));
}

async function expectRestores({ ref, content }: { ref: string; content: Files }): Promise<void> {
  const session = newSession(world);
  expect(await readBack(session, ref)).toEqual(content);
  session.close();
}

test("what only a forgotten backup used goes, what others use stays; a dry run says as much and does nothing", async () => {
  const shared = files("shared").get("shared")!;
  const kept = await backup("/kept", new Map([["a", shared]]));
  const gone = await backup("/gone", new Map([["a", shared], ...files("own", 40)]));
  const { database } = world.life;
  expect(await database.collect({ unused: 0 })).toMatchObject({ blobs: 0 });
  await command("FORGET", gone.id);
  // The one that forgetting asks for.
  await database.commits.checkpoint();
  const before = await diskBytes();
  const dry = await database.collect({ dryRun: true });
  // 40 chunks, their list, the directory, the root.
  expect(dry.blobs).toBeGreaterThanOrEqual(43);
  expect(await diskBytes()).toBe(before);
  const summary = await database.collect({ unused: 0 });
  expect(summary.blobs).toBeGreaterThanOrEqual(43);
  expect(summary.bytes).toBeGreaterThan(40 * 300);
  expect(before - (await diskBytes())).toBeGreaterThan(40 * 300);
  for (const content of gone.content.get("own")!) expect(await command("BEXISTS", hex(content))).toBe(0);
  await expectRestores(kept);
  expect(database.collector()).toMatchObject({ phase: "", runs: 3, blobs: summary.blobs });
});

test("a pinned backup cannot be forgotten", async () => {
  const { id } = await backup("/a", files("a"));
  expect(await command("PIN", id)).toBe(1);
  await expect(command("FORGET", id)).rejects.toMatchObject({ kind: "PINNED" });
  expect(await command("UNPIN", id)).toBe(1);
  expect(await command("FORGET", id)).toBe(1);
});

test("leases keep what was put and told, a reader's lease keeps a whole backup; the clock ends them, and TXCOMMIT finds out", async () => {
  const { database } = world.life;
  const gone = await backup("/gone", files("gone"));
  const [reader, writer] = [newSession(world), newSession(world)];
  await call(reader, "LEASE", "BACKUP", gone.id);
  await command("FORGET", gone.id);
  const content = files("new");
  const ref = await upload(writer, content, () => undefined, random);
  await call(writer, "TXINIT");
  await call(writer, "BACKUP", "host", "/new", ref.toString("hex"));
  expect(await database.collect({ unused: 0 })).toMatchObject({ blobs: 0 });
  await expectRestores(gone);
  await call(reader, "LEASE", "END");
  expect((await database.collect({ unused: 0 })).blobs).toBeGreaterThan(20);
  world.now += 2 * DAY;
  expect((await database.collect({ unused: 0 })).blobs).toBeGreaterThan(20);
  await expect(call(writer, "TXCOMMIT")).rejects.toMatchObject({ kind: "LEASELOST" });
  await upload(writer, content, () => undefined, random);
  await call(writer, "TXCOMMIT");
  await database.collect({ unused: 0 });
  await expectRestores({ ref: ref.toString("hex"), content });
});

test("neither a chunk nor a node keeps what is old for its base", async () => {
  const { database } = world.life;
  const session = newSession(world);
  const old = random.bytes(4000);
  const changed = Buffer.concat([old.subarray(0, 2000), bytes("changed"), old.subarray(2000)]);
  const lists = [old, changed].map((chunk) =>
    encodeListLeaf([{ name: nameOf(chunk), length: chunk.length }]),
  );
  const metas = lists.map((node, at) =>
    encodeMeta({
      ...{
        name: bytes("a file with a long name, so that a delta pays off"),
        type: "file",
        mode: 0o644,
        uid: 0,
        gid: 0,
        mtime: 0n,
      },
      ...{ size: [old, changed][at]!.length, list: nameOf(node) },
    }),
  );
  const ids: string[] = [];
  for (const [at, chunk] of [old, changed].entries()) {
    await call(session, "BPUT", chunk, "KIND", "data", ...(at === 0 ? [] : ["BASE", hex(old)]));
    for (const nodes of [lists, metas])
      await call(session, "BPUT", nodes[at]!, "KIND", "node", ...(at === 0 ? [] : ["BASE", hex(nodes[0]!)]));
    ids.push(await list(session, "/a", nameOf(metas[at]!)));
  }
  await call(session, "LEASE", "END");
  expect((await database.stats()).encodings["zstd-delta"].records).toBeGreaterThan(0);
  await command("FORGET", ids[0]!);
  await database.collect({ unused: 0 });
  expect(await call(session, "BEXISTS", hex(old), "KIND", "data")).toBe(0);
  expect(await call(session, "BEXISTS", hex(lists[0]!), "KIND", "node")).toBe(0);
  expect(await call(session, "BEXISTS", hex(metas[0]!), "KIND", "node")).toBe(0);
  expect(await call(session, "BGET", hex(changed), "KIND", "data")).toEqual(changed);
  expect(await call(session, "BGET", hex(metas[1]!), "KIND", "node")).toEqual(metas[1]);
});

test("a sweep that was cut short is ended by the next opening, before anybody is told what exists", async () => {
  const gone = await backup("/gone", files("gone"));
  await command("FORGET", gone.id);
  await reopen(world, async ({ directory }) => {
    const local = await openLevel(`${directory}/local`);
    await writeSweepMark(local, true);
    await local.close();
  });
  expect(world.warnings.join()).toContain("a garbage collection was cut short");
  expect(await command("BEXISTS", gone.ref, "KIND", "node")).toBe(0);
});

test("nothing goes while a node that is needed cannot be read", async () => {
  const kept = await backup("/kept", files("kept"));
  const gone = await backup("/gone", files("gone"));
  await command("FORGET", gone.id);
  const { database, disk, directory } = world.life;
  for (const pack of await disk.list(`${directory}/blobs`)) {
    // In place: packs that are open see it too.
    const content = disk.content(`${directory}/blobs/${pack}`)!;
    const at = content.indexOf(Buffer.from(kept.ref, "hex"));
    if (pack.startsWith("nodes-") && at >= 0) content[at + 40]! ^= 1;
  }
  await expect(database.collect({ unused: 0 })).rejects.toMatchObject({ code: "DAMAGED" });
  expect(await command("BEXISTS", hex(gone.content.get("gone")![0]!))).toBe(1);
});

const BIG = "x".repeat(60_000);

/** Three backups, and keys that each round sets anew, with a collection behind each: checkpoints replace what the log had. */
async function logThreeTimes(): Promise<void> {
  for (let round = 0; round < 3; round++) {
    for (let at = 0; at < 25; at++) await command("SET", `key-${at}`, `${round} ${BIG}`);
    await backup(`/source-${round}`, files(`file-${round}`));
    await world.life.database.collect({ unused: 0 });
  }
}

/** A rebuild finds all that logThreeTimes() left. */
async function expectRebuilt(): Promise<void> {
  const { disk, directory } = world.life;
  await reopen(world, async () => {
    await rebuildStore(directory, { fs: disk, warn: (message) => world.warnings.push(message) });
  });
  expect(await command("GET", "key-3")).toEqual(bytes(`2 ${BIG}`));
  expect((await command("BACKUPS")) as unknown[]).toHaveLength(3);
}

test("what checkpoints have replaced goes from the log, and a rebuild finds all that is left", async () => {
  await logThreeTimes();
  const { disk, directory } = world.life;
  const logs = (await disk.list(`${directory}/blobs`)).filter((pack) => pack.startsWith("log-"));
  expect(logs).not.toContain("log-00001");
  await expectRebuilt();
});

test("a checkpoint that cannot be reached just now is not taken for one that is damaged", async () => {
  await logThreeTimes();
  const { disk } = world.life;
  for (let round = 0; round < 2; round++) {
    // Opened anew, so that packs have to be opened: for a moment the process has no descriptor left.
    await reopen(world, async () => {});
    const { database } = world.life;
    let failed = false;
    disk.fault = (operation, path) => {
      const looking = database.collector().phase === "counting" && path.includes("nodes-");
      if (operation !== "open" || !looking || failed) return null;
      failed = true;
      return systemError("EMFILE");
    };
    const result = await database.collect({ unused: 0 }).catch((error: unknown) => error);
    disk.fault = null;
    expect(result).toMatchObject({ code: "BACKEND_UNAVAILABLE" });
  }
  await expectRebuilt();
});

test("only an admin collects, and one at a time", async () => {
  const first = world.life.database.collect();
  await expect(command("GC")).rejects.toMatchObject({ kind: "BUSY" });
  await first;
  await expect(command("GC", "UNUSED", "200")).rejects.toMatchObject({ kind: "ERR" });
  expect(await command("GC", "DRY-RUN", "UNUSED", "5")).toMatchObject({
    entries: expect.arrayContaining([["blobs", 0]]),
  });
});
