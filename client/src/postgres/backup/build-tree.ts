/** Makes the directory of a database's backup from its files. */
import {
  DirectoryBuilder,
  encodeMeta,
  type HashAlgorithm,
  type Meta,
  type StreamRef,
} from "@datadb/protocol";
import type { EmitWithBase } from "../../ingest/node-collector.ts";
import type { DirectoryBases } from "./directory-bases.ts";

/** One file of the backup. */
export interface BackupFile {
  ref: StreamRef;
  bytes: number;
  /** What else is known of it, as JSON. */
  source?: string;
}

interface Folder {
  files: Map<string, BackupFile>;
  folders: Map<string, Folder>;
}

/** Where nodes go, and what they are compared with. */
export interface TreeTarget {
  hash: HashAlgorithm;
  emit: EmitWithBase;
  bases?: Pick<DirectoryBases, "base">;
}

/** The canonical root meta, and the sums of what is in it. Times are left out: the same content has the same root. */
export function buildTree(
  target: TreeTarget,
  name: string,
  files: ReadonlyMap<string, BackupFile>,
): { root: Buffer; entries: number; bytes: number } {
  const top: Folder = { files: new Map(), folders: new Map() };
  for (const [path, file] of files) {
    const names = path.split("/");
    const last = names.pop()!;
    folderAt(top, names).files.set(last, file);
  }
  const { meta, entries, bytes } = folderMeta(target, "", name.replaceAll("/", "_"), top);
  return { root: meta, entries, bytes };
}

function folderAt(top: Folder, names: readonly string[]): Folder {
  let folder = top;
  for (const name of names) {
    const below = folder.folders.get(name) ?? { files: new Map(), folders: new Map() };
    folder.folders.set(name, below);
    folder = below;
  }
  return folder;
}

function folderMeta(
  target: TreeTarget,
  path: string,
  name: string,
  { files, folders }: Folder,
): { meta: Buffer; entries: number; bytes: number } {
  const { hash, emit, bases } = target;
  const builder = new DirectoryBuilder(hash, (node, content) =>
    emit(node, content, bases?.base(path, node, content)),
  );
  const all = [
    ...[...files].map(([called, file]) => ({
      called,
      meta: fileMeta(called, file),
      entries: 1,
      bytes: file.bytes,
    })),
    ...[...folders].map(([called, folder]) => ({
      called,
      ...folderMeta(target, `${path}${called}/`, called, folder),
    })),
  ].map((entry) => ({ ...entry, key: Buffer.from(entry.called) }));
  all.sort((a, b) => Buffer.compare(a.key, b.key));
  for (const { meta, key, entries, bytes } of all) builder.add(meta, key, entries, bytes);
  const { directory, entries, bytes } = builder.finish();
  const meta = encodeMeta({
    ...owned(name),
    type: "directory",
    mode: 0o700,
    size: bytes,
    entries,
    ...(directory === null ? {} : { directory }),
  });
  return { meta, entries: entries + 1, bytes };
}

/** The canonical meta of a file. */
function fileMeta(name: string, { ref, bytes, source }: BackupFile): Buffer {
  return encodeMeta({
    ...owned(name),
    type: "file",
    mode: 0o600,
    size: bytes,
    ...ref,
    ...(source === undefined ? {} : { source }),
  });
}

function owned(name: string): Pick<Meta, "name" | "uid" | "gid" | "mtime"> {
  return { name: Buffer.from(name), uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0, mtime: 0n };
}
