/** Directories of the newest backup that were loaded before there was a mount, by the names of their root nodes. */
import type { Connection } from "@datadb/client";
import { decodeMeta, type Meta } from "@datadb/protocol";
import type { FileSurroundings } from "../content/open-file.ts";
import { fetchDirectories } from "./fetch-directories.ts";
import { fetchLists } from "./fetch-lists.ts";

/** The root and what is directly below it. */
const LEVELS = 2;
/** Directories below the root, and nodes on a level of each: larger ones are left to those who ask. */
const MOST_BELOW = 16;
const MOST_NODES = 16;

export interface WarmDirectories {
  /** The canonical metas in order; undefined when it is to be fetched. */
  metasOf(root: Uint8Array): readonly Buffer[] | undefined;
}

const keyOf = (root: Uint8Array): string => Buffer.from(root).toString("latin1");

/** Nothing was loaded. */
export const NO_DIRECTORIES: WarmDirectories = { metasOf: () => undefined };

/** The root of a backup and the directories below it, with what is needed to read the beginnings of the files in them. */
export async function fetchWarmDirectories(
  connection: Connection,
  root: Meta,
  { hash, fetch }: FileSurroundings,
): Promise<WarmDirectories> {
  const found = new Map<string, readonly Buffer[]>();
  let wanted = root.directory === undefined ? [] : [root.directory];
  for (let level = 0; level < LEVELS && wanted.length > 0; level++) {
    const all = await fetchDirectories(connection, hash, wanted, MOST_NODES);
    const below: Buffer[] = [];
    for (const [index, metas] of all.entries()) {
      if (!Array.isArray(metas)) continue;
      found.set(keyOf(wanted[index]!), metas);
      // Whoever reads a file whose list is damaged is told.
      await fetchLists(fetch, hash, metas, async () => undefined).catch(() => undefined);
      // What is below the last level is not loaded, however many directories are there.
      if (level === LEVELS - 1) continue;
      for (const meta of metas.map(decodeMeta)) if (meta.directory !== undefined) below.push(meta.directory);
    }
    wanted = below.slice(0, MOST_BELOW);
  }
  return { metasOf: (ref) => found.get(keyOf(ref)) };
}
