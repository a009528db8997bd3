/**
 * Copies of packs on the local disk, of those that were written or read as a whole: nodes and the bases of differences are then not
 * fetched again. A copy is only ever a shortcut: its records are verified like others, and it may be deleted at any time.
 */
import { join } from "node:path";
import { createReadHandles, type ReadHandles } from "../blobsfile/read-handles.ts";
import type { FileSystem } from "../file-system.ts";
import { parseObjectName } from "./object-name.ts";

/** What copies are called before they are whole. */
const UNFINISHED = ".new";

export interface PackCache {
  /** Keeps a copy, soon; older ones make room for it. */
  keep(name: string, body: Buffer): void;
  /** Whether there is a copy. */
  has(name: string): boolean;
  /** Bytes from `from` to `to`, excluded; null when they are not here. */
  read(name: string, from: number, to: number): Promise<Buffer | null>;
  drop(names: readonly string[]): Promise<void>;
  /** Open descriptors. */
  openFiles(): number;
  close(): Promise<void>;
}

interface State {
  readonly fs: FileSystem;
  readonly directory: string;
  readonly limit: number;
  readonly handles: ReadHandles;
  /** Bytes by name. */
  readonly sizes: Map<string, number>;
  bytes: number;
  /** What is being written; nothing more is once the disk refused. */
  writing: Promise<void>;
  refused: boolean;
}

/** A backend without copies. */
export const NO_CACHE: PackCache = {
  keep: () => {},
  has: () => false,
  read: async () => null,
  drop: async () => {},
  openFiles: () => 0,
  close: async () => {},
};

/** Data before nodes and the log, and of those the oldest: the newest are what the next backup compares with. */
function evictionOrder(names: readonly string[]): string[] {
  const rank = (name: string): number => (name.startsWith("blobs-") ? 0 : 1);
  const age = (name: string): number => parseObjectName(name)?.number ?? 0;
  return [...names].sort((a, b) => rank(a) - rank(b) || age(a) - age(b));
}

async function forget(state: State, name: string): Promise<void> {
  const size = state.sizes.get(name);
  if (size === undefined) return;
  state.sizes.delete(name);
  state.bytes -= size;
  const path = join(state.directory, name);
  await state.handles.forget(path);
  await state.fs.unlink(path).catch(() => {});
}

async function makeRoom(state: State, bytes: number): Promise<void> {
  if (state.bytes + bytes <= state.limit) return;
  for (const name of evictionOrder([...state.sizes.keys()])) {
    if (state.bytes + bytes <= state.limit) return;
    await forget(state, name);
  }
}

async function write(state: State, name: string, body: Buffer): Promise<void> {
  if (state.refused || state.sizes.has(name) || body.length > state.limit) return;
  const path = join(state.directory, name);
  try {
    await makeRoom(state, body.length);
    const file = await state.fs.open(path + UNFINISHED, "create");
    await file.write([body], 0).finally(() => file.close());
    await state.fs.rename(path + UNFINISHED, path);
    state.sizes.set(name, body.length);
    state.bytes += body.length;
  } catch {
    // A disk that is full, say: what matters is in the bucket.
    state.refused = true;
    await state.fs.unlink(path + UNFINISHED).catch(() => {});
  }
}

async function findCopies({ fs, directory, sizes }: State): Promise<number> {
  let bytes = 0;
  for (const name of await fs.list(directory)) {
    const path = join(directory, name);
    const size = parseObjectName(name) === null ? undefined : (await fs.stat(path))?.size;
    if (size === undefined) await fs.unlink(path);
    else sizes.set(name, size);
    bytes += size ?? 0;
  }
  return bytes;
}

/** The copies below a directory, of at most `limit` bytes together. Without a directory that can be used there are none. */
export async function openPackCache(fs: FileSystem, directory: string, limit: number): Promise<PackCache> {
  const handles = createReadHandles(fs);
  const sizes = new Map<string, number>();
  const state: State = {
    fs,
    directory,
    limit,
    handles,
    sizes,
    bytes: 0,
    writing: Promise.resolve(),
    refused: false,
  };
  try {
    await fs.makeDirectory(directory);
    state.bytes = await findCopies(state);
    await makeRoom(state, 0);
  } catch {
    return NO_CACHE;
  }
  return {
    keep(name, body) {
      state.writing = state.writing.then(() => write(state, name, body));
    },
    has: (name) => sizes.has(name),
    async read(name, from, to) {
      if (!sizes.has(name)) return null;
      const target = Buffer.allocUnsafeSlow(to - from);
      try {
        const bytes = await handles.use(join(directory, name), (file) => file.read(target, from));
        return bytes === target.length ? target : null;
      } catch {
        return null;
      }
    },
    async drop(names) {
      await state.writing;
      for (const name of names) await forget(state, name);
    },
    openFiles: () => handles.count(),
    async close() {
      await state.writing;
      await handles.close();
    },
  };
}
