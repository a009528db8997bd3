/** Encodes content against the best member of a chain of bases, so that chains stay short and deltas small. */

import { decodeLinks, type Link } from "./decode-links.ts";
import { CHANGED_LEVEL, type DeltaBase, encodeBlob, encodeDelta } from "./encoding.ts";
import type { HashAlgorithm } from "./hash.ts";
import type { BlobRecord, RecordKind } from "./kinds.ts";
import { MAX_CHAIN_DEPTH, MIN_COMPRESS_BYTES } from "./limits.ts";

/** A delta below this share of the first version's record is kept without encoding the content whole to compare. */
const SURELY_WORTHWHILE = 1 / 3;

/** Effort is for records of at least this share of their content: a tenth of a small delta is nothing. */
const WORTH_EFFORT = 1 / 20;

/**
 * How much content may still be encoded with effort, in bytes; encodeOnChain takes away what it encodes so. With it, what a day changes takes a
 * tenth less; its bound is what a day with large changes may take longer.
 */
export interface Effort {
  left: number;
  /** A blob that comes to the store before this one and needs no base: tried where the chain is of no use. */
  beside?: DeltaBase | undefined;
}

/** A delta against what lies beside must be below this share of the content whole at level 9; a twentieth comes of effort alone. */
const WORTHWHILE_BESIDE = 0.92;

/** What one thread of a backup has: about two seconds of work. */
export const EFFORT_BYTES: number = 16 << 20;

/**
 * The record of `content`, whose previous version is the last of `chain`; that one's base comes before it, and so on to one that
 * needs none. An empty chain, or one that does not decode, makes a record without base; so does a delta that does not pay.
 *
 * Which member becomes the base is decided by sizes, like the carry of a counter: while the delta of a member is not larger than
 * the new one against it, both are joined into one against that member's own base. Deltas therefore grow towards the root, a chain
 * has about as many links as the sum of its deltas has binary digits, and a changed byte is stored again as many times. With changes of equal
 * size this is the rule of skip-deltas (version t against t & (t-1)), and no version number is kept anywhere.
 */
export function encodeOnChain(
  hash: HashAlgorithm,
  kind: RecordKind,
  name: Buffer,
  content: Buffer,
  chain: readonly BlobRecord[],
  effort: Effort = { left: 0 },
): BlobRecord {
  const raw: BlobRecord = {
    kind,
    name,
    encoding: "raw",
    base: null,
    length: content.length,
    payload: content,
  };
  if (chain.length === 0 || content.length < MIN_COMPRESS_BYTES) return encodeBlob(kind, name, content);
  const links = decodeLinks(hash, chain);
  const delta = links && carried(raw, links);
  // Versions compress alike: what the first one takes tells what this one would take whole.
  const chosen =
    delta && delta.payload.length < chain[0]!.payload.length * SURELY_WORTHWHILE
      ? delta
      : encodeBlob(kind, name, content, { level: CHANGED_LEVEL, ...(delta && { delta }) });
  // What level 9 does not compress, no level does.
  if (chosen.encoding === "raw" || chosen.payload.length < content.length * WORTH_EFFORT) return chosen;
  const again =
    chosen.base === null
      ? wholeWithEffort(raw, chosen, effort)
      : deltaWithEffort(raw, chosen, links!, effort);
  return again && again.payload.length < chosen.payload.length ? again : chosen;
}

/** Whether there was so much left; it is not any more. A base is looked through from end to end, however short what needs it is. */
function spend(effort: Effort, content: number, base = 0): boolean {
  const bytes = Math.max(content, base);
  if (bytes > effort.left) return false;
  effort.left -= bytes;
  return true;
}

function wholeWithEffort(raw: BlobRecord, chosen: BlobRecord, effort: Effort): BlobRecord | undefined {
  const { beside } = effort;
  if (beside && spend(effort, raw.length, beside.content.length)) {
    const delta = encodeDelta(raw, beside, "effort");
    const most = chosen.payload.length * WORTHWHILE_BESIDE;
    if (delta && delta.payload.length + raw.name.length < most) return delta;
  }
  if (!spend(effort, raw.length)) return undefined;
  return encodeBlob(raw.kind, raw.name, raw.payload, { level: "effort" });
}

/** The same base, encoded with effort. */
function deltaWithEffort(
  raw: BlobRecord,
  { base }: BlobRecord,
  links: readonly Link[],
  effort: Effort,
): BlobRecord | undefined {
  const link = links.find(({ record }) => record.name.equals(base!));
  if (link === undefined || !spend(effort, raw.length, link.content.length)) return undefined;
  return encodeDelta(raw, { name: base!, content: link.content }, "effort");
}

function carried(raw: BlobRecord, links: readonly Link[]): BlobRecord | undefined {
  let at = links.length - 1;
  const against = (): BlobRecord | undefined => {
    const { record, content } = links[at]!;
    return encodeDelta(raw, { name: record.name, content });
  };
  const first = against();
  if (first === undefined) return undefined;
  let bytes = first.payload.length;
  while (at > 0 && (at >= MAX_CHAIN_DEPTH || links[at]!.record.payload.length <= bytes)) {
    bytes += links[at]!.record.payload.length;
    at--;
  }
  return at === links.length - 1 ? first : against();
}
