/** For tests: a memory store that also takes backups, embedded or as if over a wire, and counts what it is sent. */
import {
  backupId,
  decodePayload,
  encodeBlob,
  type HashAlgorithm,
  hashOf,
  type PlainReply,
  type RecordKind,
  ReplyError,
  references,
  snapshotId,
} from "@datadb/protocol";
import type { Argument, Connection } from "../connection.ts";
import { type MemoryStore, memoryStore } from "./memory-store.ts";

export interface BackupStore {
  readonly embedded: Connection;
  readonly remote: Connection;
  readonly store: MemoryStore;
  /** Newest first. */
  readonly backups: Map<string, string>[];
  /** Commands over the wire by name, and records put. */
  readonly counts: Record<string, number>;
  /** Called before each put; may throw or wait. */
  onPut: (kind: RecordKind, name: Buffer) => void | Promise<void>;
}

export function backupStore(
  hash: HashAlgorithm = "sha256",
  algorithm: "fastcdc" | "rabin" = "fastcdc",
): BackupStore {
  const store = memoryStore(hash);
  const backups: Map<string, string>[] = [];
  const counts: Record<string, number> = {};
  let listed: Map<string, string> | null = null;
  let clock = Date.UTC(2026, 0, 1);
  const facts = async () => ({
    id: "5e".repeat(16),
    hash,
    chunker: { algorithm, min: 16 << 10, avg: 64 << 10, max: 256 << 10 },
  });
  const count = (name: string): void => {
    counts[name] = (counts[name] ?? 0) + 1;
  };
  const has = (kind: string, name: Buffer): boolean => store.records.has(`${kind}:${name.toString("hex")}`);
  const checkChildren = (content: Buffer, n: number): void => {
    for (const { kind, name } of references(content, n)) {
      if (!has(kind, name)) throw new ReplyError(`NOCHILD ${kind} ${name.toString("hex")} is not there`);
    }
  };
  const commands: Record<string, (args: Argument[]) => PlainReply | Promise<PlainReply>> = {
    LEASE: () => "lease",
    DONE: () => "OK",
    TXINIT: () => "tx",
    TXDISCARD: () => {
      listed = null;
      return "OK";
    },
    TXCOMMIT: () => {
      if (listed) backups.unshift(listed);
      listed = null;
      return "OK";
    },
    BACKUP([host, path, ref, ...fields]) {
      if (!has("node", Buffer.from(String(ref), "hex"))) throw new ReplyError(`NOCHILD node ${String(ref)}`);
      clock += 1000;
      const time = new Date(clock).toISOString();
      const id = backupId(hash, String(host), String(path), time).toString("hex");
      const snapshot = snapshotId(hash, String(host), String(path)).toString("hex");
      listed = new Map([
        ["id", id],
        ["snapshot", snapshot],
        ["hostname", String(host)],
        ["path", String(path)],
      ]);
      listed.set("ts", time).set("ref", String(ref));
      for (let i = 0; i < fields.length; i += 2) listed.set(String(fields[i]), String(fields[i + 1]));
      return [id, snapshot, time].map((text) => Buffer.from(text));
    },
    BACKUPS: ([, snapshot]) =>
      backups.filter((backup) => backup.get("snapshot") === snapshot).map((backup) => [...backup].flat()),
    BEXISTS(args) {
      const names = args.slice(0, -2).map((name) => Buffer.from(String(name), "hex"));
      const there = names.map((name) => (has(String(args.at(-1)), name) ? 1 : 0));
      return there.length === 1 ? there[0]! : there;
    },
    async BPUT([content, , kind = "data"]) {
      const name = hashOf(hash, content as Buffer);
      await put.onPut(kind as RecordKind, name);
      if (kind === "node") checkChildren(content as Buffer, name.length);
      const record = encodeBlob(kind as RecordKind, name, Buffer.from(content as Buffer));
      store.records.set(`${kind}:${name.toString("hex")}`, record);
      return Buffer.from(name.toString("hex"));
    },
    BGET([name, , kind = "data"]) {
      const record = store.records.get(`${kind}:${name}`);
      return record ? decodePayload(record) : null;
    },
  };
  const call = async (...args: Argument[]): Promise<PlainReply> => {
    const name = String(args[0]);
    count(name);
    return await commands[name]!(args.slice(1));
  };
  const { local } = store.embedded;
  const embedded: Connection = {
    call,
    facts,
    close: async () => {},
    local: {
      ...local!,
      async putEncoded(records) {
        for (const record of records) {
          count(`put-${record.kind}`);
          await put.onPut(record.kind, record.name);
          if (record.kind === "node") checkChildren(decodePayload(record), record.name.length);
        }
        await local!.putEncoded(records);
      },
    },
  };
  // Nodes of one call may refer to each other: they become visible one by one, as in a real store.
  const one = embedded.local!.putEncoded;
  embedded.local!.putEncoded = async (records) => {
    for (const record of records) await one([record]);
  };
  const put: BackupStore = {
    embedded,
    remote: { call, facts, close: async () => {} },
    store,
    backups,
    counts,
    onPut: () => {},
  };
  return put;
}
