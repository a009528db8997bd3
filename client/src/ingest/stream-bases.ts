/** Which blobs of a stream's previous version the chunks and nodes of the new one probably resemble. */
import { decodeListInner, decodeListLeaf, type HashAlgorithm, hashLength, nodeType } from "@datadb/protocol";
import type { FetchMany } from "../source/previous-metas.ts";
import { type PreviousEntry, type PreviousRef, previousList } from "./previous-list.ts";

/** A changed chunk and its base differ in length by at most this share when one surely took the place of the other. */
const ALIKE = 1 / 24;
/** And it begins at most this share of a length away from where the base began. */
const NEAR = 1 / 8;

/** What is appended is compared with the last chunk, as far as a day appends: this much, or this share of the stream. */
const APPENDED_BYTES: number = 16 << 20;
const APPENDED_SHARE = 1 / 16;

/** Asked in the order of the stream: each chunk, then the nodes above. */
export interface StreamBases {
  /**
   * The base for the chunk that comes next, `length` bytes long; undefined when there is none or it is the same chunk. `hint`: what the
   * source knows to be its previous version, which then is the answer.
   */
  chunk(name: Buffer, length: number, hint?: Buffer): Buffer | undefined;
  hole(length: number): void;
  /** The base for a new node, children first. */
  node(name: Buffer, content: Buffer): Buffer | undefined;
  /** To be awaited now and then: reads on in the previous version. */
  readOn(): Promise<void>;
}

/**
 * Bases from the version `ref` of `bytes` bytes. A changed chunk's base is the chunk that followed the last one found unchanged; of
 * several changed ones in a row each gets the one that it overlaps most, as far as can be told from their lengths.
 */
export async function streamBases(
  fetch: FetchMany,
  hash: HashAlgorithm,
  ref: PreviousRef,
  bytes: number,
): Promise<StreamBases> {
  const n = hashLength(hash);
  const list = await previousList(fetch, hash, ref, bytes);
  const mostAppended = Math.max(APPENDED_BYTES, bytes * APPENDED_SHARE);
  /** Where the next chunk is expected. */
  let cursor = 0;
  let offset = 0;
  /** How much later the new stream has the same bytes. */
  let shift = 0;

  function matched(position: number): void {
    shift = offset - list.at(position)!.offset;
    cursor = position + 1;
  }

  function position(name: Buffer): number | undefined {
    return list.at(cursor)?.name?.equals(name) ? cursor : list.find(name);
  }

  /** The entry that the next `length` bytes overlap most, from the expected one on; the last one for what is appended. */
  function overlapped(length: number): PreviousEntry | undefined {
    const from = offset - shift;
    const common = (entry: PreviousEntry | undefined): number =>
      entry === undefined
        ? 0
        : Math.min(entry.offset + entry.length, from + length) - Math.max(entry.offset, from);
    let entry = list.at(cursor);
    while (entry !== undefined && entry.offset + entry.length <= from) entry = list.at(++cursor);
    while (common(list.at(cursor + 1)) > common(entry)) entry = list.at(++cursor);
    if (entry === undefined) return from - bytes < mostAppended ? list.at(cursor - 1) : undefined;
    return common(entry) > 0 ? entry : undefined;
  }

  /** The entry at the cursor became a chunk of `length` bytes. */
  function replaced(entry: PreviousEntry, length: number): void {
    const from = offset - shift;
    if (entry !== list.at(cursor)) return;
    if (Math.abs(length - entry.length) > entry.length * ALIKE) return;
    if (Math.abs(from - entry.offset) > entry.length * NEAR) return;
    // Both ends moved together: what follows in one follows in the other.
    shift = offset + length - (entry.offset + entry.length);
    cursor++;
  }

  return {
    chunk(name, length, hint) {
      let base = hint;
      const same = position(name);
      if (same !== undefined) {
        matched(same);
        base = undefined;
      } else {
        const hinted = hint && list.find(hint);
        if (hinted !== undefined) matched(hinted);
        else {
          const entry = overlapped(length);
          base ??= entry?.name ?? undefined;
          if (entry !== undefined) replaced(entry, length);
        }
      }
      offset += length;
      return base?.equals(name) ? undefined : base;
    },
    hole(length) {
      const entry = list.at(cursor);
      if (entry?.name === null && entry.length === length) matched(cursor);
      offset += length;
    },
    node(name, content) {
      for (const child of childNames(content, n)) {
        const base = list.parentOf(child);
        if (base === undefined) continue;
        list.replaces(name, base);
        return base.equals(name) ? undefined : base;
      }
      return undefined;
    },
    readOn: () => list.advance(cursor),
  };
}

function childNames(node: Buffer, n: 20 | 32): Buffer[] {
  if (nodeType(node) === "list-inner") return decodeListInner(node, n).children.map(({ name }) => name);
  return decodeListLeaf(node, n).flatMap(({ name }) => name ?? []);
}
