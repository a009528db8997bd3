/** The directories in a directory, as they are asked for when they are loaded. */
import type { DirectoryRef } from "../device/messages.ts";
import { type DirectoryTable, inodeAt, isDirectoryAt, metaAt } from "./directory-table.ts";
import { nodeOf } from "./node-id.ts";

/** More subdirectories than this are loaded when they are asked for. */
const MOST = 512;

/** The entry must be a directory. */
export function directoryRef(id: number, table: DirectoryTable, entry: number): DirectoryRef {
  const { directory } = metaAt(table, entry);
  const ref = directory === undefined ? null : Uint8Array.from(directory);
  return { node: nodeOf(id, entry), ref, inode: inodeAt(table, entry), linkBase: table.linkBase };
}

/** In order of name, without those whose node id is `known`, and not more than can be loaded ahead. */
export function subdirectories(
  id: number,
  table: DirectoryTable,
  known: (node: number) => boolean,
): DirectoryRef[] {
  const found: DirectoryRef[] = [];
  for (let entry = 0; entry < table.count && found.length < MOST; entry++)
    if (isDirectoryAt(table, entry) && !known(nodeOf(id, entry))) found.push(directoryRef(id, table, entry));
  return found;
}
