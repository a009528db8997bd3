/** Scan caches that are not there any more: they save the next backup work, and no backup needs one to be restored. */
import { DatadbError, hashLength, references } from "@datadb/protocol";
import { decodeChain, readRecords } from "../blobs/read-contents.ts";
import type { BlobKind } from "../database.ts";
import type { CheckState } from "./check-source.ts";

/**
 * Whether a scan cache, or a part of it, is absent. What is there and damaged is not: that is a finding, so that its bytes are
 * kept aside, and absent after the repair.
 */
export async function cacheIsGone(
  state: CheckState,
  { kind, name }: { kind: BlobKind; name: Buffer },
): Promise<boolean> {
  if (await oneIsAbsent(state, kind, [name])) return true;
  return kind === "node" && (await listIsGone(state, name));
}

async function listIsGone(state: CheckState, name: Buffer): Promise<boolean> {
  const { backend, hash } = state.source;
  let children: { kind: BlobKind; name: Buffer }[];
  try {
    const [record] = await readRecords(backend, "node", [name]);
    if (!record) return true;
    children = [...references(await decodeChain(backend, hash, record), hashLength(hash))];
  } catch (error) {
    if (!(error instanceof DatadbError)) throw error;
    return false;
  }
  const chunks = children.filter((child) => child.kind === "data").map((child) => child.name);
  if (await oneIsAbsent(state, "data", chunks)) return true;
  for (const child of children) if (child.kind === "node" && (await cacheIsGone(state, child))) return true;
  return false;
}

async function oneIsAbsent(state: CheckState, kind: BlobKind, names: readonly Buffer[]): Promise<boolean> {
  if (names.length === 0) return false;
  const there = await state.source.backend.hasMany(kind, names);
  for (const [at, name] of names.entries())
    if (there[at] === 0 && (await isAbsent(state, kind, name))) return true;
  return false;
}

/** A record that was found to be damaged does not count as there, and can still be read. */
async function isAbsent(state: CheckState, kind: BlobKind, name: Buffer): Promise<boolean> {
  try {
    const [record] = await state.source.backend.getMany(kind, [name]);
    return !record;
  } catch (error) {
    if (!(error instanceof DatadbError)) throw error;
    return error.fields["lost"] === true;
  }
}

/** Backups that are named. */
const MAX_NAMED = 5;

/** `backups`: hex ids of those whose cache is gone, at least one. */
export function goneCachesNote(backups: readonly string[]): string {
  const named = backups.slice(0, MAX_NAMED).map((id) => id.slice(0, 8));
  const more = backups.length - named.length;
  const which = `backup${backups.length === 1 ? "" : "s"} ${named.join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
  return `the scan cache of ${which} is gone: all of it restores without`;
}
