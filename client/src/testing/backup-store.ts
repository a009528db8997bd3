/** For tests: a memory store that takes backups, embedded or as if over a wire, and counts what it is sent. */
import {
  type BlobRecord,
  decodeChain,
  type HashAlgorithm,
  type PlainReply,
  type RecordKind,
} from "@datadb/protocol";
import type { Argument, Connection } from "../connection.ts";
import { backupCommands, checkChildren } from "./backup-commands.ts";
import { memoryStore } from "./memory-store.ts";
import { recordChain } from "./record-chain.ts";

export interface BackupStore {
  readonly embedded: Connection;
  readonly remote: Connection;
  readonly records: Map<string, BlobRecord>;
  /** Newest first. */
  readonly backups: Map<string, string>[];
  /** What INFO says of it. */
  whole: boolean;
  /** Commands by name, and records put by kind. */
  readonly counts: Record<string, number>;
  has(kind: RecordKind, name: Buffer): boolean;
  /** Called before each put; may throw or wait. */
  onPut: (kind: RecordKind, name: Buffer) => void | Promise<void>;
}

export function backupStore(
  hash: HashAlgorithm = "sha256",
  algorithm: "gear" | "fastcdc" | "rabin" = "fastcdc",
): BackupStore {
  const memory = memoryStore(hash);
  const { records } = memory;
  const counts: Record<string, number> = {};
  const count = (name: string): void => {
    counts[name] = (counts[name] ?? 0) + 1;
  };
  const facts = async () => ({
    id: "5e".repeat(16),
    hash,
    chunker: { algorithm, min: 16 << 10, avg: 64 << 10, max: 256 << 10 },
    timezone: "UTC",
  });
  const call = async (...args: Argument[]): Promise<PlainReply> => {
    const name = String(args[0]);
    count(name);
    const command = commands[name];
    if (command === undefined) throw new Error(`not in this test: ${name}`);
    return await command(args.slice(1));
  };
  const close = async (): Promise<void> => {};
  const contentOf = (record: BlobRecord): Buffer => {
    const chain = record.base === null ? [] : recordChain(records, record.kind, record.base);
    return decodeChain(hash, [...chain, record]);
  };
  const putEncoded = async (all: readonly BlobRecord[]): Promise<void> => {
    for (const record of all) {
      count(`put-${record.kind}`);
      const waiting = store.onPut(record.kind, record.name);
      if (waiting !== undefined) await waiting;
      if (record.kind === "node") checkChildren(store, contentOf(record), record.name.length);
      const payload = Buffer.from(record.payload); // the caller's memory is used again
      records.set(`${record.kind}:${record.name.toString("hex")}`, { ...record, payload });
    }
  };
  const store: BackupStore = {
    embedded: { call, facts, close, local: { ...memory.embedded.local!, putEncoded } },
    remote: { call, facts, close },
    records,
    backups: [],
    whole: true,
    counts,
    has: (kind, name) => records.has(`${kind}:${name.toString("hex")}`),
    onPut: () => {},
  };
  const commands = backupCommands(store, hash);
  return store;
}
