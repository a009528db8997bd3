/** Reads the chunks and holes of one stream, from any offset. */
import { DamagedError, DecodeError } from "../errors.ts";
import { type HashAlgorithm, hashLength } from "../hash.ts";
import { decodeListInner, decodeListLeaf, type ListEntry } from "../nodes/list-node.ts";
import { nodeType } from "../nodes/node-type.ts";
import { type FetchNodes, nameNode, type TreeWalk, type Visit, walkLeaves } from "./walk-leaves.ts";

/** Where a node's part of the stream begins and how long its parent says it is. */
interface Span {
  offset: number;
  bytes: number;
}

/** A piece of a stream and where it begins. */
export interface PlacedEntry extends ListEntry {
  offset: number;
}

/**
 * The entries of a stream of `size` bytes in order, from the one that covers the byte `options.from` (0 when absent). `options.first`: see TreeWalk. Names may be
 * views. Throws DAMAGED when nodes contradict each other or `size`, and what `fetch` throws.
 */
export async function* readList(
  fetch: FetchNodes,
  algorithm: HashAlgorithm,
  ref: { chunk?: Buffer | undefined; list?: Buffer | undefined },
  size: number,
  options: { from?: number; first?: number } = {},
): AsyncGenerator<PlacedEntry> {
  const from = options.from ?? 0;
  if (ref.list === undefined) {
    if (ref.chunk !== undefined && from < size) yield { name: ref.chunk, length: size, offset: 0 };
    if (ref.chunk === undefined && size > 0)
      throw new DamagedError(`a stream of ${size} bytes has no content`);
    return;
  }
  if (from >= size) return;
  const n = hashLength(algorithm);
  const walk = { ...listWalk(n, from), first: options.first };
  const root: Visit<Span> = { name: ref.list, context: { offset: 0, bytes: size } };
  for await (const { node, visit } of walkLeaves(fetch, root, walk)) {
    let { offset } = visit.context;
    for (const entry of entriesOf(node, n, visit)) {
      if (offset + entry.length > from) yield { ...entry, offset };
      offset += entry.length;
    }
  }
}

function listWalk(n: number, from: number): TreeWalk<Span> {
  return {
    isLeaf: (node) => nodeType(node) === "list-leaf",
    open(node, span) {
      const { level, children } = decodeListInner(node, n);
      const visits: Visit<Span>[] = [];
      let { offset } = span;
      for (const { name, bytes } of children) {
        if (offset + bytes > from) visits.push({ name, context: { offset, bytes } });
        offset += bytes;
      }
      checkBytes(offset - span.offset, span);
      return { level, visits };
    },
  };
}

function entriesOf(node: Buffer, n: number, { name, context }: Visit<Span>): ListEntry[] {
  try {
    const entries = decodeListLeaf(node, n);
    checkBytes(
      entries.reduce((total, entry) => total + entry.length, 0),
      context,
    );
    return entries;
  } catch (error) {
    throw nameNode(name, error);
  }
}

function checkBytes(found: number, { bytes }: Span): void {
  if (found !== bytes) throw new DecodeError(`it covers ${found} bytes and should cover ${bytes}`);
}
