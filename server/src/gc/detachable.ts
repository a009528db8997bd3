/** What could be encoded anew without the bases that only it needs. */
import { type HashAlgorithm, hashLength, recordSize } from "@datadb/protocol";
import type { FrozenIndex, RecordFacts } from "../blobs/name-index.ts";
import { MAX_CHAIN } from "../blobs/read-contents.ts";
import type { GcCycle } from "./gc-cycle.ts";

/** A blob that stays, and the bases that only it needs. */
export interface Candidate {
  readonly name: Buffer;
  /** Bytes of its content. */
  readonly length: number;
  /** Bytes of its record. */
  readonly bytes: number;
  /** Its base, the base of that one, and so on. */
  readonly bases: readonly Buffer[];
  /** What it needs beyond them, and others need, too. */
  readonly target: Buffer | null;
  /** Bytes of the records that could become one. */
  readonly together: number;
  /** Bytes that this saves, about. */
  readonly won: number;
  /** Whether that is enough. */
  readonly promising: boolean;
}

/** Of a delta that stays, when all users are counted; `unused`: the part of its chain's bytes that may be waste. */
export function candidateOf(
  { tables: { data } }: GcCycle,
  index: FrozenIndex,
  { hash, unused }: { hash: HashAlgorithm; unused: number },
  facts: RecordFacts,
): Candidate {
  const n = hashLength(hash);
  const sizes = [recordSize(facts, n)];
  const bases: Buffer[] = [];
  let root: RecordFacts | null = facts;
  let next = facts.base;
  while (next !== null && !data.marked(next) && !data.shared(next)) {
    root = index.facts("data", next);
    if (root === null) break;
    bases.push(Buffer.from(next));
    sizes.push(recordSize(root, n));
    next = root.base;
  }
  const together = sizes.reduce((sum, size) => sum + size, 0);
  // What it will take, about: whole as much as the first version of that length did, else no less than the largest difference.
  const whole = root === null ? together : (root.payloadLength * facts.length) / Math.max(1, root.length);
  const least = next === null ? whole : Math.max(...sizes);
  const won = together - least;
  return {
    ...{ name: Buffer.from(facts.name), length: facts.length, bytes: sizes[0]!, bases, together, won },
    target: root === null ? null : next && Buffer.from(next),
    promising: bases.length > 0 && !facts.distrusted && won > unused * together,
  };
}

/** A blob, its base, the base of that one, and so on. */
export function basesFrom(index: FrozenIndex, name: Buffer | null): Buffer[] {
  const names: Buffer[] = [];
  for (let next = name; next !== null && names.length <= MAX_CHAIN; ) {
    names.push(Buffer.from(next));
    next = index.facts("data", next)?.base ?? null;
  }
  return names;
}
