/** For tests: writes a backup's tree into a memory store, checking nothing: hostile trees are wanted too. */
import {
  DirectoryBuilder,
  encodeDirectoryLeaf,
  encodeMeta,
  ListBuilder,
  type ListEntry,
  type Meta,
} from "@datadb/protocol";
import type { MemoryStore } from "./memory-store.ts";

/** An entry; `content` of a file is cut where the array is, null is a hole of the length that follows. */
export interface TreeEntry extends Partial<Omit<Meta, "name">> {
  name: string | Buffer;
  content?: string | Buffer | (Buffer | { hole: number })[];
  children?: readonly TreeEntry[];
  /** Puts the children into one leaf as they are: unsorted, duplicate or unsafe names. */
  asIs?: boolean;
}

/** @returns the backup's `ref` and its metas by path. */
export function buildTree(store: MemoryStore, root: TreeEntry): { ref: string; metas: Map<string, Meta> } {
  const metas = new Map<string, Meta>();
  const { meta } = build(store, root, "", metas);
  return { ref: store.put("node", encodeMeta(meta)).toString("hex"), metas };
}

const DEFAULTS = {
  mode: 0o644,
  uid: process.getuid?.() ?? 0,
  gid: process.getgid?.() ?? 0,
  mtime: 1_600_000_000_123_456_789n,
};

function build(
  store: MemoryStore,
  entry: TreeEntry,
  path: string,
  metas: Map<string, Meta>,
): { meta: Meta; entries: number; bytes: number } {
  const { name, content, children, asIs, ...given } = entry;
  const type = given.type ?? (children === undefined ? "file" : "directory");
  const mode = type === "directory" ? 0o755 : DEFAULTS.mode;
  const meta: Meta = {
    ...DEFAULTS,
    mode,
    size: 0,
    type,
    ...given,
    name: typeof name === "string" ? Buffer.from(name) : name,
  };
  let entries = 0;
  if (type === "directory") {
    const below = (children ?? []).map((child) =>
      build(store, child, `${path}/${child.name}`.slice(path === "" ? 1 : 0), metas),
    );
    entries = below.reduce((sum, one) => sum + one.entries, 0);
    meta.size = below.reduce((sum, one) => sum + one.bytes, 0);
    meta.entries = entries;
    const directory = asIs ? leaf(store, below) : directoryOf(store, below);
    if (directory !== null) meta.directory = directory;
  } else if (content !== undefined) Object.assign(meta, stream(store, content), given);
  metas.set(path, meta);
  return { meta, entries: entries + 1, bytes: meta.size };
}

type Built = ReturnType<typeof build>;

function leaf(store: MemoryStore, below: readonly Built[]): Buffer {
  return store.put("node", encodeDirectoryLeaf(below.map(({ meta }) => encodeMeta(meta))));
}

function directoryOf(store: MemoryStore, below: readonly Built[]): Buffer | null {
  const builder = new DirectoryBuilder(store.hash, (_, content) => void store.put("node", content));
  const sorted = [...below].sort((a, b) => Buffer.compare(a.meta.name, b.meta.name));
  for (const { meta, entries, bytes } of sorted) builder.add(encodeMeta(meta), meta.name, entries, bytes);
  return builder.finish().directory;
}

function stream(store: MemoryStore, content: NonNullable<TreeEntry["content"]>): Partial<Meta> {
  const parts = Array.isArray(content) ? content : [Buffer.from(content)];
  const builder = new ListBuilder(store.hash, (_, node) => void store.put("node", node));
  for (const part of parts) {
    const entry: ListEntry = Buffer.isBuffer(part)
      ? { name: store.put("data", part), length: part.length }
      : { name: null, length: part.hole };
    builder.add(entry);
  }
  const { ref, bytes } = builder.finish();
  return { ...ref, size: bytes };
}
