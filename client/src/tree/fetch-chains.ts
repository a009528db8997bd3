/** Completes records that are encoded against a base by the records of their bases. */
import { type BlobRecord, DamagedError, type RecordKind } from "@datadb/protocol";
import type { Connection } from "../connection.ts";
import { type FetchedRecord, fetchRecords } from "./fetch-records.ts";

/** Deeper than any writer makes them; a store whose bases form a ring ends here instead of never. */
const MAX_DEPTH = 64;

/** A blob's record last, what it needs to be decoded before it; or why that cannot be had. */
export type RecordChain = BlobRecord[] | Error;

export async function fetchChains(
  connection: Connection,
  kind: RecordKind,
  names: readonly Buffer[],
  records: readonly FetchedRecord[],
): Promise<RecordChain[]> {
  const chains = records.map((record, index): RecordChain => {
    if (record instanceof Error) return record;
    return record === null ? missing(kind, names[index]!) : [record];
  });
  for (let depth = 0; ; depth++) {
    const open = chains.flatMap((chain, index) => {
      const base = chain instanceof Error ? null : chain[0]!.base;
      return base === null ? [] : [{ index, base }];
    });
    if (open.length === 0) return chains;
    const bases =
      depth < MAX_DEPTH
        ? await fetchRecords(
            connection,
            kind,
            open.map(({ base }) => base),
          )
        : [];
    open.forEach(({ index, base }, at) => {
      const record = bases[at] ?? missing(kind, base);
      if (record instanceof Error) chains[index] = record;
      else (chains[index] as BlobRecord[]).unshift(record);
    });
  }
}

function missing(kind: RecordKind, name: Buffer): DamagedError {
  const message = `blob ${name.toString("hex")} (${kind}) is not in the store`;
  return new DamagedError(message, { next: "run datadb check to see what else is missing" });
}
