/** Backups that no honest client writes: directories with names that lead elsewhere. */
import type { Connection } from "@datadb/client";
import { encodeDirectoryLeaf, encodeMeta, hashOf, type Meta } from "@datadb/protocol";

const HASH = "sha256";

/** A file with this content, or another entry. */
export interface HostileEntry {
  name: string;
  content?: string;
  /** Makes it a symlink to this. */
  target?: string;
  /** Makes it a directory with these. */
  entries?: readonly HostileEntry[];
}

/** Where blobs go: a connection, or whatever takes them past the server's checks. */
export interface BlobSink {
  put(kind: "data" | "node", content: Buffer): Promise<void>;
}

/** A sink that sends BPUT. */
export function overTheWire(connection: Connection): BlobSink {
  return {
    put: async (kind, content) => {
      await connection.call("BPUT", content, "KIND", kind);
    },
  };
}

/** Puts the tree, and returns the hex name of its root meta. Entries stay in the order given. */
export async function putHostileTree(sink: BlobSink, entries: readonly HostileEntry[]): Promise<string> {
  const root = encodeMeta(await metaOf(sink, { name: "hostile", entries }));
  await sink.put("node", root);
  return hashOf(HASH, root).toString("hex");
}

async function metaOf(sink: BlobSink, entry: HostileEntry): Promise<Meta> {
  const base = { name: Buffer.from(entry.name), uid: 0, gid: 0, mtime: 0n };
  if (entry.target !== undefined)
    return { ...base, type: "symlink", mode: 0o777, size: 0, target: Buffer.from(entry.target) };
  if (entry.entries === undefined) {
    const content = Buffer.from(entry.content ?? "");
    await sink.put("data", content);
    return { ...base, type: "file", mode: 0o644, size: content.length, chunk: hashOf(HASH, content) };
  }
  const metas: Buffer[] = [];
  for (const child of entry.entries) metas.push(encodeMeta(await metaOf(sink, child)));
  // Not the builder: it refuses what a hostile client would write, such as one name twice.
  const node = encodeDirectoryLeaf(metas);
  await sink.put("node", node);
  const directory = hashOf(HASH, node);
  return { ...base, type: "directory", mode: 0o755, size: 0, entries: metas.length, directory };
}
