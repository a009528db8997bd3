/** Which rows of a table damaged content keeps out of reach: those around it are counted. */
import { decodeListInner, decodeListLeaf, hashLength, type Meta, nodeType } from "@datadb/protocol";
import { decodeChain } from "../blobs/read-contents.ts";
import type { BlobKind } from "../database.ts";
import type { CheckState } from "./check-source.ts";

/** Counting reads the whole table: larger ones have their bytes named, and not their rows. */
const MAX_BYTES: number = 4 * 1024 ** 3;
const LINE_FEED = 10;
/** What a table that is kept in the binary format begins with: its rows are no lines. */
const BINARY = Buffer.from("PGCOPY\n");

/** From 1, both included. */
export interface Rows {
  readonly fromRow: number;
  readonly toRow: number;
}

/** Rows by chunk, as Latin-1 text: backups share most of theirs. */
export type RowCounts = Map<string, number>;

function isBad(state: CheckState, kind: BlobKind, name: Buffer): boolean {
  return state.bad[kind].has(name.toString("latin1"));
}

async function contentOf({ source }: CheckState, kind: BlobKind, name: Buffer): Promise<Buffer | null> {
  const [record] = await source.backend.getMany(kind, [name]);
  return record ? decodeChain(source.backend, source.hash, record) : null;
}

/** A chunk, or null for damage, and where in the table it begins. */
interface Part {
  readonly chunk: Buffer | null;
  readonly from: number;
}

/** Those of a list that begins at `from`, in order. */
async function* partsOf(state: CheckState, list: Buffer, from: number): AsyncGenerator<Part> {
  state.signal?.throwIfAborted();
  const content = isBad(state, "node", list) ? null : await contentOf(state, "node", list);
  if (content === null) return yield { chunk: null, from };
  const n = hashLength(state.source.hash);
  let at = from;
  if (nodeType(content) !== "list-leaf") {
    for (const { name, bytes } of decodeListInner(content, n).children) {
      yield* partsOf(state, name, at);
      at += bytes;
    }
    return;
  }
  for (const { name, length } of decodeListLeaf(content, n)) {
    if (name !== null) yield { chunk: isBad(state, "data", name) ? null : Buffer.from(name), from: at };
    at += length;
  }
}

/** Null for content that has no lines. */
async function rowsIn(state: CheckState, chunk: Buffer, counts: RowCounts): Promise<number | null> {
  const id = chunk.toString("latin1");
  const known = counts.get(id);
  if (known !== undefined) return known;
  const content = await contentOf(state, "data", chunk);
  if (content === null || content.subarray(0, BINARY.length).equals(BINARY)) return null;
  let rows = 0;
  for (let at = content.indexOf(LINE_FEED); at >= 0; at = content.indexOf(LINE_FEED, at + 1)) rows += 1;
  counts.set(id, rows);
  return rows;
}

function rowsOf({ source, size = 0 }: Meta): number | null {
  if (source === undefined || size > MAX_BYTES) return null;
  try {
    const { rows } = JSON.parse(source.toString()) as { rows?: unknown };
    return typeof rows === "number" ? rows : null;
  } catch {
    return null;
  }
}

/**
 * The rows between which those are that damage keeps out of reach, by the byte at which it begins; null for what is no table. How many
 * rows are out of reach is known, and how many readable ones come before each place: for a single place that says which, for several
 * not how they are divided between them. Throws what reading throws.
 */
export async function damagedRows(
  state: CheckState,
  meta: Meta,
  counts: RowCounts,
): Promise<Map<number, Rows> | null> {
  const total = rowsOf(meta);
  if (total === null) return null;
  if (!meta.list) return new Map([[0, { fromRow: 1, toRow: total }]]);
  let readable = 0;
  const places: { from: number; before: number }[] = [];
  for await (const { chunk, from } of partsOf(state, meta.list, 0)) {
    if (chunk === null) {
      places.push({ from, before: readable });
      continue;
    }
    const rows = await rowsIn(state, chunk, counts);
    if (rows === null) return null;
    readable += rows;
  }
  const lost = total - readable;
  return new Map(places.map(({ from, before }) => [from, { fromRow: before + 1, toRow: before + lost }]));
}
