/** Node ids, the kernel's names for inodes: which table an entry is in, and where in it. Never used twice in a mount. */
import { MAX_ENTRIES } from "./directory-table.ts";

/** Ids below this one are views: the root, latest, a name in it ... */
export const FIRST_ENTRY_NODE: number = MAX_ENTRIES;

/** Tables are numbered from 1. */
export function nodeOf(table: number, entry: number): number {
  return table * MAX_ENTRIES + entry;
}

export function tableOfNode(node: number): number {
  return Math.floor(node / MAX_ENTRIES);
}

export function entryOfNode(node: number): number {
  return node % MAX_ENTRIES;
}
