/** The directories that are known to the kernel, or soon will be: bounded, except by what the kernel itself holds. */
import { type DirectoryTable, isDirectoryAt } from "./directory-table.ts";
import { entryOfNode, tableOfNode } from "./node-id.ts";

/** A directory's table in use. */
export interface LoadedDirectory {
  id: number;
  /** Node id of the directory. */
  node: number;
  table: DirectoryTable;
  /** Lookups by entry that the kernel has not given back. */
  lookups: Uint32Array;
  held: number;
  /** Whether anything was asked of it yet. */
  used: boolean;
  /** Entry that was opened last, and the first one that was not read ahead yet. */
  lastOpened: number;
  readAhead: number;
}

/** Entries [from, to), when `lean` only the directories among them. */
export interface Counted {
  from: number;
  to: number;
  lean: boolean;
}

export interface InodeTable {
  /** A directory that was loaded; makes room for it. Resolves the nodes of directories that had to go. */
  install(id: number, node: number, table: DirectoryTable): number[];
  /** The loaded entries of the directory with this node id. */
  directory(node: number): LoadedDirectory | undefined;
  /** The table that an entry is in. */
  holderOf(node: number): LoadedDirectory | undefined;
  byId(id: number): LoadedDirectory | undefined;
  /** The kernel knows these entries `times` more, or less when negative. */
  count(id: number, counted: Counted, times: number): void;
  forget(node: number, times: number): void;
  /** Removes the entries of a directory that nobody can reach any more. */
  drop(node: number): void;
  readonly bytes: number;
}

export function createInodeTable(limitBytes: number): InodeTable {
  const byId = new Map<number, LoadedDirectory>();
  const byNode = new Map<number, LoadedDirectory>();
  let total = 0;

  function remove(loaded: LoadedDirectory): void {
    byId.delete(loaded.id);
    byNode.delete(loaded.node);
    total -= sizeOf(loaded);
  }

  /** The oldest first; what the kernel still knows stays, and so does what lies below it. */
  function shrink(newest: number): number[] {
    const gone: number[] = [];
    for (const loaded of byId.values()) {
      if (total <= limitBytes) break;
      if (loaded.held > 0 || loaded.id === newest) continue;
      remove(loaded);
      gone.push(loaded.node);
    }
    // Without its parent's table nobody can ask for a directory: the kernel has no name for it left.
    if (gone.length > 0) {
      for (const loaded of byId.values()) {
        const parent = tableOfNode(loaded.node);
        if (parent === 0 || byId.has(parent)) continue;
        remove(loaded);
        gone.push(loaded.node);
      }
    }
    return gone;
  }

  function change(loaded: LoadedDirectory | undefined, entry: number, times: number): void {
    if (loaded === undefined || entry >= loaded.lookups.length) return;
    const before = loaded.lookups[entry]!;
    const after = Math.max(0, before + times);
    loaded.lookups[entry] = after;
    loaded.held += after - before;
  }

  return {
    install(id, node, table) {
      const loaded: LoadedDirectory = {
        id,
        node,
        table,
        lookups: new Uint32Array(table.count),
        held: 0,
        used: false,
        lastOpened: -2,
        readAhead: 0,
      };
      byId.set(id, loaded);
      byNode.set(node, loaded);
      total += sizeOf(loaded);
      return shrink(id);
    },
    directory: (node) => byNode.get(node),
    holderOf: (node) => byId.get(tableOfNode(node)),
    byId: (id) => byId.get(id),
    count(id, { from, to, lean }, times) {
      const loaded = byId.get(id);
      for (let entry = from; loaded !== undefined && entry < to; entry++)
        if (!lean || isDirectoryAt(loaded.table, entry)) change(loaded, entry, times);
    },
    forget: (node, times) => change(byId.get(tableOfNode(node)), entryOfNode(node), -times),
    drop(node) {
      const loaded = byNode.get(node);
      if (loaded !== undefined) remove(loaded);
    },
    get bytes() {
      return total;
    },
  };
}

function sizeOf({ table }: LoadedDirectory): number {
  return table.bytes.length + table.count * 4 + 500;
}
