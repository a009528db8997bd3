/** For tests: backups in memory behind a Connection that can be made to hang. */
import type { Connection } from "@datadb/client";
import {
  type BlobRecord,
  DirectoryBuilder,
  encodeBlob,
  encodeMeta,
  hashOf,
  type Meta,
  type RecordKind,
} from "@datadb/protocol";

interface FakeBackup {
  name: string;
  host?: string;
  path?: string;
  time: string;
  ref: string;
  complete?: boolean;
  unreadable?: string[];
}

export interface FakeStore {
  connection: Connection;
  backups: FakeBackup[];
  put(kind: RecordKind, content: Buffer): Buffer;
  /** The ref of a root with these metas in it. */
  root(metas: readonly Meta[]): string;
  /** Blobs of this name are asked for in vain until it is called again with null. */
  hang(name: Buffer | null): void;
}

export const DEFAULTS = { mode: 0o644, uid: 0, gid: 0, mtime: 1_600_000_000_123_456_789n, size: 0 };

export function fakeStore(): FakeStore {
  const records = new Map<string, BlobRecord>();
  const backups: FakeBackup[] = [];
  let stuck: Buffer | null = null;
  const put = (kind: RecordKind, content: Buffer): Buffer => {
    const name = hashOf("sha256", content);
    records.set(`${kind}:${name.toString("hex")}`, encodeBlob(kind, name, content));
    return name;
  };
  const fields = (backup: FakeBackup): string[] => {
    const { name, host = "h", path = `/${name}`, time, ref, complete = true, unreadable = [] } = backup;
    const snapshot = hashOf("sha256", Buffer.from(`${host}${path}`)).toString("hex");
    const id = hashOf("sha256", Buffer.from(`${host}${path}${time}`)).toString("hex");
    const map = { id, snapshot, name, hostname: host, path, ts: time, type: "directory", ref };
    const rest = {
      complete: complete ? "1" : "0",
      unreadable: JSON.stringify(unreadable),
      "unreadable-count": String(unreadable.length),
    };
    return Object.entries({ ...map, ...rest }).flat();
  };
  return {
    backups,
    put,
    root(metas) {
      const builder = new DirectoryBuilder("sha256", (_, content) => void put("node", content));
      const sorted = [...metas].sort((a, b) => Buffer.compare(a.name, b.name));
      for (const meta of sorted) builder.add(encodeMeta(meta), meta.name, 1, meta.size);
      const { directory, bytes, entries } = builder.finish();
      const name = Buffer.from("root");
      const root: Meta = { ...DEFAULTS, name, type: "directory", mode: 0o755, size: bytes, entries };
      return put("node", encodeMeta(directory === null ? root : { ...root, directory })).toString("hex");
    },
    hang: (name) => {
      stuck = name;
    },
    connection: {
      async call(...args) {
        if (args[0] === "PING") return "PONG";
        const sorted = [...backups].sort((a, b) => (a.time < b.time ? 1 : -1));
        return sorted.map(fields);
      },
      facts: async () => ({
        id: "00".repeat(16),
        hash: "sha256",
        chunker: { algorithm: "fastcdc", min: 1, avg: 2, max: 3 },
        timezone: "UTC",
      }),
      local: {
        hasMany: async (_kind, names) => new Uint8Array(names.length).fill(1),
        putEncoded: async () => undefined,
        getRecords: async (kind, names) => {
          if (stuck !== null && names.some((name) => name.equals(stuck as Buffer)))
            return await new Promise(() => undefined);
          return names.map((name) => records.get(`${kind}:${name.toString("hex")}`) ?? null);
        },
      },
      close: async () => undefined,
    },
  };
}
