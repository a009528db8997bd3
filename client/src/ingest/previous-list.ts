/** The list that was a stream's content in the previous backup, read in order and held in part while the new one is made. */
import { decodeListInner, decodeListLeaf, type HashAlgorithm, hashLength, nodeType } from "@datadb/protocol";
import type { FetchMany } from "../source/previous-metas.ts";

/** Entries held before and behind the place at hand: 16 GB of stream ahead, about 40 MB of memory for both. */
const AHEAD = 256 << 10;
const BEHIND = 32 << 10;

/** Where the previous content is: as in a meta. */
export interface PreviousRef {
  chunk?: Buffer | undefined;
  list?: Buffer | undefined;
}

/** A chunk or hole (without name) of the previous version, and where it was. */
export interface PreviousEntry {
  name: Buffer | null;
  offset: number;
  length: number;
}

/** Entries by position in the stream. Positions never change; entries far from the place at hand are not there. */
export interface PreviousList {
  /** The entry at a position; undefined outside of what is held. */
  at(position: number): PreviousEntry | undefined;
  /** Where a chunk is, when it is held and in one place only. */
  find(name: Buffer): number | undefined;
  /** The previous node that held a chunk or node. */
  parentOf(child: Buffer): Buffer | undefined;
  /** A new node takes the place of a previous one: its parent is sought where that one's was. */
  replaces(name: Buffer, previous: Buffer): void;
  /** Reads on, and forgets, until the entries around `position` are held. */
  advance(position: number): Promise<void>;
}

/** Stands for a name that is in several places. */
const SEVERAL = -1;

/**
 * Reads the beginning. `bytes`: the stream's length, of use when its ref is a chunk. A list that is not all there ends
 * where a node is missing: that costs space and is no error.
 */
export async function previousList(
  fetch: FetchMany,
  hash: HashAlgorithm,
  ref: PreviousRef,
  bytes: number,
): Promise<PreviousList> {
  const n = hashLength(hash);
  const entries: PreviousEntry[] = [];
  /** Position of entries[0]. */
  let first = 0;
  let offset = 0;
  const places = new Map<string, number>();
  const parents = new Map<string, Buffer>();

  function add(name: Buffer | null, length: number): void {
    if (name !== null) {
      const key = name.toString("latin1");
      places.set(key, places.has(key) ? SEVERAL : first + entries.length);
    }
    entries.push({ name, offset, length });
    offset += length;
  }

  async function* leaves(names: Buffer[]): AsyncGenerator<void> {
    const contents = await fetch(names);
    for (const [i, content] of contents.entries()) {
      if (content === null) continue;
      const node = names[i]!;
      if (nodeType(content) === "list-inner") {
        const children = decodeListInner(content, n).children.map(({ name }) => name);
        for (const child of children) parents.set(child.toString("latin1"), node);
        yield* leaves(children);
        continue;
      }
      for (const { name, length } of decodeListLeaf(content, n)) {
        add(name, length);
        if (name !== null) parents.set(name.toString("latin1"), node);
      }
      yield;
    }
  }

  function forget(count: number): void {
    for (const { name } of entries.splice(0, count)) {
      if (name === null) continue;
      const key = name.toString("latin1");
      parents.delete(key);
      if (places.get(key) !== SEVERAL) places.delete(key);
    }
    first += count;
  }

  if (ref.chunk) add(ref.chunk, bytes);
  const rest = ref.list ? leaves([ref.list]) : undefined;
  const list: PreviousList = {
    at: (position) => entries[position - first],
    find(name) {
      const place = places.get(name.toString("latin1"));
      return place === SEVERAL ? undefined : place;
    },
    parentOf: (child) => parents.get(child.toString("latin1")),
    replaces(name, previous) {
      const above = parents.get(previous.toString("latin1"));
      if (above !== undefined) parents.set(name.toString("latin1"), above);
    },
    async advance(position) {
      while (rest && first + entries.length < position + AHEAD) if ((await rest.next()).done) break;
      // In steps: what is in front of an array is cheap to remove only many at a time.
      if (position - first > BEHIND * 2) forget(position - first - BEHIND);
    },
  };
  await list.advance(0);
  return list;
}
