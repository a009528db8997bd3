/** What a decoding thread is told of records that it reads itself. */
import type { HashAlgorithm, RecordPlace } from "@datadb/protocol";
import type { ReadJob, TellSlab } from "./decode-messages.ts";
import type { Slab } from "./slab-pool.ts";

/** A record in an open file, and what it must be. */
export interface PlacedRecord {
  name: Buffer;
  /** Of its content. */
  length: number;
  /** Null: it cannot be read here. */
  place: RecordPlace | null;
}

export function readJob(
  tell: TellSlab,
  hash: HashAlgorithm,
  records: readonly PlacedRecord[],
  contents: Slab,
): ReadJob {
  const places = new Float64Array(records.length * 4);
  records.forEach(({ place, length }, index) => {
    places.set([place?.fd ?? -1, place?.offset ?? 0, place?.size ?? 0, length], index * 4);
  });
  const names = Uint8Array.from(Buffer.concat(records.map(({ name }) => name)));
  return { kind: "read", hash, contents: tell(contents), names, places };
}
