/** For tests: a store in memory behind a Connection, in whose blobs anything can be missing or wrong. */
import {
  type BlobRecord,
  encodeBlob,
  type HashAlgorithm,
  hashOf,
  type PlainReply,
  type RecordKind,
} from "@datadb/protocol";
import type { Argument, Connection } from "../connection.ts";

export interface MemoryStore {
  readonly hash: HashAlgorithm;
  /** As if the store were in this process, with `local`. */
  readonly embedded: Connection;
  /** As if it were far away: commands only. */
  readonly remote: Connection;
  readonly records: Map<string, BlobRecord>;
  /** Names that were asked for, in hex, in order. */
  readonly asked: string[];
  put(kind: RecordKind, content: Buffer): Buffer;
}

export function memoryStore(hash: HashAlgorithm = "sha256"): MemoryStore {
  const records = new Map<string, BlobRecord>();
  const asked: string[] = [];
  const key = (kind: string, name: Buffer | string): string =>
    `${kind}:${typeof name === "string" ? name : name.toString("hex")}`;
  const get = (kind: string, name: Buffer | string): BlobRecord | null => {
    asked.push(typeof name === "string" ? name : name.toString("hex"));
    return records.get(key(kind, name)) ?? null;
  };
  const facts = async () => ({
    id: "00".repeat(16),
    hash,
    chunker: { algorithm: "fastcdc" as const, min: 16 << 10, avg: 64 << 10, max: 256 << 10 },
    timezone: "UTC",
  });
  const call = async (...args: Argument[]): Promise<PlainReply> => {
    const [name, id, , kind] = args.map(String);
    if (name !== "BGET") throw new Error(`not in this test: ${name}`);
    const record = get(kind === "node" ? "node" : "data", id!);
    if (record === null) return null;
    const { decodePayload } = await import("@datadb/protocol");
    return Buffer.from(decodePayload(record));
  };
  const close = async (): Promise<void> => {};
  const local = {
    hasMany: async (kind: RecordKind, names: readonly Buffer[]) =>
      Uint8Array.from(names, (name) => (records.has(key(kind, name)) ? 1 : 0)),
    putEncoded: async (all: readonly BlobRecord[]) => {
      for (const record of all)
        records.set(key(record.kind, record.name), { ...record, payload: Buffer.from(record.payload) });
    },
    getRecords: async (kind: RecordKind, names: readonly Buffer[]) => names.map((name) => get(kind, name)),
  };
  return {
    hash,
    records,
    asked,
    remote: { call, facts, close },
    embedded: { call, facts, close, local },
    put(kind, content) {
      const name = hashOf(hash, content);
      records.set(key(kind, name), encodeBlob(kind, name, content));
      return name;
    },
  };
}
