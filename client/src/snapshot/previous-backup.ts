/** Finds the previous backup of a series, and what of it saves work. */
import { decodeMeta, type HashAlgorithm, readList, type StreamRef, snapshotId } from "@datadb/protocol";
import type { Connection } from "../connection.ts";
import type { PreviousStream } from "../ingest/engine.ts";
import type { Backup } from "../list/backup.ts";
import { listBackups } from "../list/list-backups.ts";
import { PreviousCache, type PreviousTree } from "../source/previous-tree.ts";
import { fetchContents } from "../tree/fetch-contents.ts";

/** The newest backup of the series; null when there is none. */
export async function previousBackup(
  connection: Connection,
  hash: HashAlgorithm,
  host: string,
  path: string,
): Promise<Backup | null> {
  const snapshot = snapshotId(hash, host, path).toString("hex");
  const [newest] = await listBackups(connection, { snapshot, limit: 1 });
  return newest ?? null;
}

/**
 * Its root and scan cache. Null, and everything is read, when they are not there or damaged: a backup must be
 * possible then most of all.
 */
export async function previousTree(
  connection: Connection,
  hash: HashAlgorithm,
  backup: Backup | null,
): Promise<PreviousTree | null> {
  if (backup === null) return null;
  const [root] = await fetchContents(connection, hash, "node", [Buffer.from(backup.ref, "hex")]);
  if (root === undefined || root instanceof Error) return null;
  try {
    decodeMeta(root);
    return { root, cache: await readCache(connection, hash, backup.fields["cache"]) };
  } catch {
    return null;
  }
}

async function readCache(
  connection: Connection,
  hash: HashAlgorithm,
  field: string | undefined,
): Promise<PreviousCache | null> {
  if (field === undefined) return null;
  const fetch = async (kind: "data" | "node", names: readonly Buffer[]): Promise<Buffer[]> =>
    (await fetchContents(connection, hash, kind, names)).map((content) => {
      if (content instanceof Error) throw content;
      return content;
    });
  try {
    const { ref, bytes } = parseCacheField(field) ?? { ref: {}, bytes: 0 };
    if (ref.chunk) return new PreviousCache((await fetch("data", [ref.chunk]))[0]!);
    const names: Buffer[] = [];
    for await (const entry of readList((all) => fetch("node", all), hash, ref, bytes)) {
      if (entry.name) names.push(entry.name);
    }
    return new PreviousCache(Buffer.concat(await fetch("data", names)));
  } catch {
    return null;
  }
}

/** Undefined for what is no field of ours. */
export function parseCacheField(field: string): PreviousStream | undefined {
  const [, kind, name, bytes = "0"] = /^(chunk|list):([0-9a-f]+)(?::(\d+))?$/.exec(field) ?? [];
  if (kind === undefined || name === undefined) return undefined;
  return { ref: { [kind]: Buffer.from(name, "hex") }, bytes: Number(bytes) };
}

/** The scan cache of the previous backup, as the earlier version of the next. */
export function previousCacheStream(backup: Backup | null): PreviousStream | undefined {
  const field = backup?.fields["cache"];
  return field === undefined ? undefined : parseCacheField(field);
}

/** The content of the previous backup, when its root is a file. */
export async function previousContent(
  connection: Connection,
  hash: HashAlgorithm,
  backup: Backup | null,
): Promise<PreviousStream | undefined> {
  const tree = await previousTree(connection, hash, backup && { ...backup, fields: {} });
  if (tree === null) return undefined;
  const { chunk, list, size = 0 } = decodeMeta(tree.root);
  return { ref: { ...(chunk && { chunk }), ...(list && { list }) }, bytes: size };
}

/** The field that refers to a scan cache. */
export function cacheField(ref: StreamRef, bytes: number): string | null {
  if (ref.chunk) return `chunk:${ref.chunk.toString("hex")}`;
  return ref.list ? `list:${ref.list.toString("hex")}:${bytes}` : null;
}
