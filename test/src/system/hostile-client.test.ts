/** A client that means harm: what it forges is refused or stays without effect, and a restore never leaves its destination. */
import { existsSync, mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { connect } from "@datadb/client";
import { encodeLogRecord, hashOf, logRecordName } from "@datadb/protocol";
import { openDatabase } from "@datadb/server";
import { describe, expect, test } from "vitest";
import { describeResult } from "../harness/command.ts";
import { type HostileEntry, overTheWire, putHostileTree } from "../harness/hostile-backup.ts";
import { startServer } from "../harness/server-process.ts";
import { makeSmallStore, type SmallStore } from "../harness/small-store.ts";

const HOSTILE: Record<string, (outside: string) => HostileEntry[]> = {
  "a name with ..": () => [{ name: "../escaped", content: "out" }],
  "the name ..": () => [{ name: "..", entries: [{ name: "escaped", content: "out" }] }],
  "an absolute name": (outside) => [{ name: join(outside, "escaped"), content: "out" }],
  "a name with a slash": () => [{ name: "a/../../escaped", content: "out" }],
  "an empty name": () => [{ name: "", content: "out" }],
  "a name with NUL": () => [{ name: "escaped\0", content: "out" }],
  "a symlink, then a directory of its name": (outside) => [
    { name: "door", target: outside },
    { name: "door", entries: [{ name: "escaped", content: "out" }] },
  ],
  "a symlink, then a file of its name": (outside) => [
    { name: "door", target: join(outside, "escaped") },
    { name: "door", content: "out" },
  ],
};

describe.each(Object.keys(HOSTILE))("an entry with %s", (name) => {
  test("is refused over the wire, or by restore: nothing is written outside", async () => {
    const small = await makeSmallStore("hostile");
    const outside = join(small.directory, "outside");
    mkdirSync(outside);
    const entries = (HOSTILE[name] as (outside: string) => HostileEntry[])(outside);
    const refused = await plantOverWire(small, entries);
    // Whatever the server lets in today: a store may hold anything.
    if (refused !== null) await plantInStore(small, entries);
    const target = join(small.directory, "deep", "target");
    mkdirSync(join(small.directory, "deep"));
    const words = ["restore", "--store", small.store, "hostile", target, "--json"];
    const result = await small.world.run(words);
    expect(result.code, describeResult(words, result)).not.toBe(0);
    expect(result.stderr).not.toMatch(/unexpected:/);
    expect(readdirSync(outside)).toEqual([]);
    for (const place of [small.directory, join(small.directory, "deep"), "/"]) {
      expect(existsSync(join(place, "escaped")), place).toBe(false);
    }
  });
});

/** The server's refusal, or null when it took the backup. */
async function plantOverWire(small: SmallStore, entries: HostileEntry[]): Promise<string | null> {
  const server = await startServer(small.world, small.store);
  const connection = await connect(server.url);
  try {
    await connection.call("TXINIT");
    const ref = await putHostileTree(overTheWire(connection), entries);
    await connection.call(
      "BACKUP",
      "test-host",
      "/hostile",
      ref,
      "name",
      "hostile",
      "type",
      "directory",
      "complete",
      "1",
    );
    await connection.call("TXCOMMIT");
    return null;
  } catch (error) {
    return String(error);
  } finally {
    await connection.close();
    await server.stop();
  }
}

/** Puts the tree past all commands, as a store made by another program could hold it. */
async function plantInStore(small: SmallStore, entries: HostileEntry[]): Promise<void> {
  const database = await openDatabase(small.store);
  const put = async (kind: "data" | "node", content: Buffer): Promise<void> => {
    await database.blobs.putContent(kind, content);
  };
  const ref = await putHostileTree({ put }, entries);
  await database.blobs.flush();
  await database.close();
  const server = await startServer(small.world, small.store);
  const connection = await connect(server.url);
  await connection.call("TXINIT");
  await connection.call(
    "BACKUP",
    "test-host",
    "/hostile",
    ref,
    "name",
    "hostile",
    "type",
    "directory",
    "complete",
    "1",
  );
  await connection.call("TXCOMMIT");
  await connection.close();
  await server.stop();
}

describe("a forged blob", () => {
  test("that looks like a log record is only data, also after a rebuild", async () => {
    const small = await makeSmallStore("forged");
    const before = await small.world.records(["ls", "--store", small.store]);
    const server = await startServer(small.world, small.store);
    const connection = await connect(server.url);
    const { id } = await connection.facts();
    const operation = { op: "forget", backup: Buffer.from(small.backup, "hex") };
    const record = encodeLogRecord({
      sequence: 2n,
      previous: Buffer.alloc(32),
      time: Date.now(),
      commits: [{ txid: Buffer.alloc(0), operations: [operation] }],
    } as unknown as Parameters<typeof encodeLogRecord>[0]);
    const name = await connection.call("BPUT", record);
    expect(String(name)).toBe(hashOf("sha256", record).toString("hex"));
    expect(String(name)).not.toBe(logRecordName("sha256", Buffer.from(id, "hex"), record).toString("hex"));
    await expect(connection.call("BPUT", record, "KIND", "log")).rejects.toThrow(/ERR/);
    await connection.call("DONE");
    await connection.close();
    await server.stop();
    await small.world.summary(["rebuild", "--store", small.store]);
    expect(await small.world.records(["ls", "--store", small.store])).toEqual(before);
    await small.world.summary(["check", "--read-data", "--store", small.store]);
  });

  test("that is no node, or has no children, is refused with its reason", async () => {
    const small = await makeSmallStore("no-node");
    const server = await startServer(small.world, small.store);
    const connection = await connect(server.url);
    await expect(connection.call("BPUT", "not a node", "KIND", "node")).rejects.toThrow(/^[A-Z]+ .*node/i);
    const entries: HostileEntry[] = [{ name: "a", entries: [{ name: "b", content: "never put" }] }];
    const nodes: Buffer[] = [];
    await putHostileTree(
      { put: async (kind, content) => void (kind === "node" && nodes.push(content)) },
      entries,
    );
    await expect(connection.call("BPUT", nodes[0] as Buffer, "KIND", "node")).rejects.toThrow(/^NOCHILD/);
    await connection.call("TXINIT");
    const nowhere = "ab".repeat(32);
    await expect(connection.call("BACKUP", "host", "/path", nowhere)).rejects.toThrow(/^NOCHILD/);
    await connection.call("TXDISCARD");
    await expect(connection.call("BPUT", Buffer.alloc(16 * 1024 * 1024 + 1))).rejects.toThrow();
    await connection.close();
    await server.stop();
    await small.world.summary(["check", "--read-data", "--store", small.store]);
  });
});
