/** Group commit, idempotence, replay after crashes, forged and forked logs. */
import { cp, rm } from "node:fs/promises";
import { join } from "node:path";
import { type FileSystem, nodeFileSystem } from "@datadb/backends";
import {
  DamagedError,
  encodeBlob,
  encodeLogRecord,
  encodeMeta,
  type LogRecord,
  type Operation,
  ReplyError,
} from "@datadb/protocol";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Database } from "../database.ts";
import { RESERVED_DATABASE, readString, setMembers } from "../keyspace/index.ts";
import { randomOperation, seededRandom } from "../keyspace/random-operations.ts";
import { modelText, readModel } from "../keyspace/read-model.ts";
import { openBackends } from "../store/open-backends.ts";
import { openLocal } from "../store/open-local.ts";
import { readConfig } from "../store/read-config.ts";
import { createScratchStore, type ScratchStore, testSeed } from "../store/scratch-store.ts";
import { appendRecord, logBlob } from "./append-record.ts";

let store: ScratchStore;
beforeEach(async () => {
  store = await createScratchStore();
});
afterEach(() => store.remove());

const database = Buffer.from("default");
const bytes = (text: string): Buffer => Buffer.from(text);
const set = (key: string, value: string): Operation => ({
  op: "set",
  database,
  key: bytes(key),
  value: bytes(value),
});
const get = (from: Database, key: string): string | undefined =>
  readString(from.keyspace, database, bytes(key))?.toString();

test("commits that come together share one log record, and one that does not fit fails alone", async () => {
  await using open = await store.open();
  const results = await Promise.allSettled([
    open.commits.commit([set("a", "1")]),
    open.commits.commit([
      set("b", "1"),
      { op: "sadd", database, key: bytes("a"), members: [bytes("x")] },
      set("c", "1"),
    ]),
    open.commits.commit([set("a", "2")]),
  ]);
  expect(results.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
  expect((results[1] as PromiseRejectedResult).reason).toBeInstanceOf(ReplyError);
  expect([get(open, "a"), get(open, "b"), get(open, "c")]).toEqual(["2", undefined, undefined]);
  expect(open.commits.head().sequence).toBe(1);
  const records: LogRecord[] = [];
  for await (const record of open.commits.records(1)) records.push(record);
  expect(records.map(({ commits }) => commits.length)).toEqual([2]);
});

test("a transaction is committed once, however often it is sent, also after reopening", async () => {
  const txid = bytes("transaction-1");
  const operations: Operation[] = [
    { op: "hset", database, key: bytes("h"), entries: [[bytes("f"), bytes("1")]] },
  ];
  const open = await store.open();
  const [first, second] = await Promise.all([
    open.commits.commit(operations, { txid }),
    open.commits.commit(operations, { txid }),
  ]);
  expect([first.repeated, second.repeated]).toEqual([false, true]);
  expect(first.results).toEqual([1]);
  expect(second.sequence).toBe(first.sequence);
  await open.close();
  await using again = await store.open();
  expect(await again.commits.commit(operations, { txid })).toEqual({
    sequence: first.sequence,
    results: [],
    repeated: true,
  });
  expect(again.commits.head().sequence).toBe(1);
});

test("what LevelDB had not when the process died is replayed from the log", async () => {
  const random = seededRandom(testSeed());
  const behind = join(store.directory, "..", `${store.directory}-behind`);
  const open = await store.open();
  const commitSome = (): Promise<unknown> =>
    Promise.allSettled(
      Array.from({ length: 60 }, () =>
        open.commits.commit([randomOperation(random)], { txid: Buffer.from(String(random(1000))) }),
      ),
    );
  for (let i = 0; i < 5; i += 1) await commitSome();
  // A copy of a LevelDB that is only appended to is what a crash at this moment would leave.
  await cp(join(store.directory, "meta"), behind, { recursive: true });
  for (let i = 0; i < 5; i += 1) await commitSome();
  const [head, expected] = [open.commits.head().sequence, modelText(await readModel(open.keyspace))];
  await open.close();
  const whole = await store.dump("meta");
  await rm(join(store.directory, "meta"), { recursive: true });
  await cp(behind, join(store.directory, "meta"), { recursive: true });
  await rm(behind, { recursive: true });
  const again = await store.open();
  expect(again.commits.head().sequence).toBe(head);
  expect(modelText(await readModel(again.keyspace))).toEqual(expected);
  await again.close();
  expect(await store.dump("meta")).toEqual(whole);
});

test("an emptied meta/ is made anew from the log, with a warning", async () => {
  const open = await store.open();
  for (let i = 0; i < 10; i += 1) await open.commits.commit([set(`k${i}`, "v")], { txid: bytes(`t${i}`) });
  await open.close();
  const whole = await store.dump("meta");
  await rm(join(store.directory, "meta"), { recursive: true });
  await (await store.open()).close();
  expect(store.warnings.join()).toContain("made anew, as of log record 10");
  expect(await store.dump("meta")).toEqual(whole);
});

describe("a log that somebody else wrote to", () => {
  /** Appends a record to the log packs, as a second holder or a forger would. */
  async function appendForeign(
    change: (head: { sequence: number; name: Buffer }) => Partial<LogRecord>,
  ): Promise<void> {
    const open = await store.open();
    await open.commits.commit([set("a", "1")]);
    await open.commits.commit([set("b", "1")]);
    const head = open.commits.head();
    await open.close();
    const config = await readConfig(store.directory);
    const local = await openLocal(store.directory, { warn: () => undefined });
    const { backend } = await openBackends(local, config, {
      directory: store.directory,
      warn: () => undefined,
    });
    const record = {
      sequence: head.sequence + 1,
      previous: head.name,
      time: 0,
      commits: [],
      ...change(head),
    };
    await appendRecord(backend, logBlob(config.hash, Buffer.from(config.id, "hex"), encodeLogRecord(record)));
    await backend.close();
    await local.level.del(Buffer.from("g"));
    await local.level.close();
  }

  test("is replayed when it follows the chain", async () => {
    await appendForeign(() => ({ commits: [{ txid: Buffer.alloc(0), operations: [set("c", "1")] }] }));
    await using open = await store.open();
    expect([get(open, "c"), open.commits.head().sequence]).toEqual(["1", 3]);
  });

  test.each([
    ["two records with the sequence number 2", (head: { sequence: number }) => ({ sequence: head.sequence })],
    ["chain of the log is broken at sequence number 3", () => ({ previous: Buffer.alloc(32, 7) })],
    ["misses record 3", (head: { sequence: number }) => ({ sequence: head.sequence + 2 })],
  ])("is damage: %s", async (message, change) => {
    await appendForeign(change);
    await expect(store.open()).rejects.toThrow(message);
    await expect(store.open()).rejects.toBeInstanceOf(DamagedError);
  });
});

describe("when the log cannot be written", () => {
  /** The real disk, with a switch. */
  function failing(): { fs: FileSystem; broken: boolean } {
    const control = { fs: nodeFileSystem, broken: false };
    control.fs = {
      ...nodeFileSystem,
      async open(path, mode) {
        const file = await nodeFileSystem.open(path, mode);
        const fail = (): never => {
          throw Object.assign(new Error("ENOSPC: no space left on device"), { code: "ENOSPC" });
        };
        const guard = path.includes("log-");
        return new Proxy(file, {
          get(target, property) {
            const value = Reflect.get(target, property) as unknown;
            if (typeof value !== "function") return value;
            if (guard && control.broken && (property === "write" || property === "sync"))
              return async () => fail();
            return value.bind(target);
          },
        });
      },
    };
    return control;
  }

  test("nothing is committed, reads go on, and writing goes on when it can, with the same sequence numbers", async () => {
    const disk = failing();
    const open = await store.open({ fs: disk.fs });
    await open.commits.commit([set("a", "1")]);
    disk.broken = true;
    await expect(open.commits.commit([set("a", "2")])).rejects.toMatchObject({ code: "DISK_FULL" });
    expect(open.commits.readOnlyReason()).toMatchObject({ code: "DISK_FULL" });
    expect(get(open, "a")).toBe("1");
    await expect(open.commits.commit([set("b", "1")])).rejects.toMatchObject({ code: "DISK_FULL" });
    disk.broken = false;
    await open.commits.commit([set("c", "1")]);
    // The record whose fate was unknown keeps its number; the one that was refused at once never had one.
    expect([get(open, "a"), get(open, "b"), get(open, "c"), open.commits.head().sequence]).toEqual([
      "2",
      undefined,
      "1",
      3,
    ]);
    expect(open.commits.readOnlyReason()).toBeNull();
    await open.close();
    await using again = await store.open();
    expect([get(again, "a"), get(again, "c")]).toEqual(["2", "1"]);
  });
});

describe("backups", () => {
  const meta = encodeMeta({ name: bytes("x"), type: "file", mode: 0, uid: 0, gid: 0, mtime: 0n, size: 0 });

  async function backUp(open: Database, path: string): Promise<string> {
    const ref = await open.blobs.putContent("node", Buffer.from(meta));
    const { backup, timestamp } = await open.commits.reserveBackup(bytes("host"), bytes(path));
    await open.commits.commit([
      {
        op: "backup",
        host: bytes("host"),
        path: bytes(path),
        timestamp,
        ref,
        fields: [[bytes("name"), bytes("n")]],
      },
    ]);
    return backup.toString("hex");
  }

  test("of one snapshot have strictly increasing times, even when the clock goes back", async () => {
    let clock = 1_000_000;
    const open = await store.open({ now: () => clock });
    const times: string[] = [];
    for (let i = 0; i < 5; i += 1) {
      times.push((await open.commits.reserveBackup(bytes("h"), bytes("/p"))).timestamp);
      clock -= 10;
    }
    expect(times).toEqual([...new Set(times)].sort());
    await open.close();
    const first = await store.open({ now: () => 5_000_000 });
    await backUp(first, "/p");
    await first.close();
    await using second = await store.open({ now: () => 4_000_000 });
    expect((await second.commits.reserveBackup(bytes("host"), bytes("/p"))).timestamp).toBe(
      new Date(5_000_001).toISOString(),
    );
  });

  test("are listed with their root only, and forgotten without a trace", async () => {
    await using open = await store.open();
    await expect(
      open.commits.commit([
        {
          op: "backup",
          host: bytes("h"),
          path: bytes("/"),
          timestamp: new Date(0).toISOString(),
          ref: Buffer.alloc(32, 1),
          fields: [],
        },
      ]),
    ).rejects.toMatchObject({ code: "LEASE_LOST" });
    const id = await backUp(open, "/a");
    await backUp(open, "/b");
    expect(await setMembers(open.keyspace, RESERVED_DATABASE, bytes("snapshots"))).toHaveLength(2);
    const backup = Buffer.from(id, "hex");
    expect(
      (
        await open.commits.commit([
          { op: "pin", backup },
          { op: "tag", backup, tags: bytes('["x"]') },
        ])
      ).results,
    ).toEqual([1, 1]);
    expect((await open.commits.commit([{ op: "forget", backup }])).results).toEqual([1]);
    expect(
      (
        await open.commits.commit([
          { op: "forget", backup },
          { op: "pin", backup },
        ])
      ).results,
    ).toEqual([0, 0]);
    expect(await setMembers(open.keyspace, RESERVED_DATABASE, bytes("snapshots"))).toHaveLength(1);
    expect(await setMembers(open.keyspace, RESERVED_DATABASE, bytes("pins"))).toEqual([]);
  });
});

test("a blob cannot pass for a log record", async () => {
  await using open = await store.open();
  const content = encodeLogRecord({ sequence: 1, previous: Buffer.alloc(32), time: 0, commits: [] });
  const name = await open.blobs.putContent("data", content);
  expect(
    encodeBlob("data", name, content).name.equals(
      logBlob("sha256", Buffer.from(open.info.id, "hex"), content).name,
    ),
  ).toBe(false);
  await expect(open.blobs.putEncoded([logBlob("sha256", Buffer.alloc(16), content)])).rejects.toThrow(
    "log records",
  );
});
