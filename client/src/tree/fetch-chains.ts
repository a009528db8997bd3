/** Completes records that are encoded against a base by the records of their bases. */
import { type BlobRecord, DamagedError, type RecordKind } from "@datadb/protocol";
import type { Connection } from "../connection.ts";
import { type FetchedRecord, fetchRecords } from "./fetch-records.ts";

/** Deeper than any writer makes them; a store whose bases form a ring ends here instead of never. */
const MAX_DEPTH = 64;

/** A record may be encoded anew by a garbage collection between two questions, and its base go: so often its chain is fetched again. */
const REPEATS = 3;

/** A blob's record last, what it needs to be decoded before it; or why that cannot be had. */
export type RecordChain = BlobRecord[] | Error;

/** Contents at hand, verified: a chain may begin with one instead of with what it is encoded against. */
export type KnownContents = (name: Buffer) => Buffer | undefined;

export async function fetchChains(
  connection: Connection,
  kind: RecordKind,
  names: readonly Buffer[],
  records: readonly FetchedRecord[],
  known: KnownContents = () => undefined,
): Promise<RecordChain[]> {
  const chains = await fetchBases(connection, kind, names, records, known);
  for (let repeat = 0; repeat < REPEATS; repeat++) {
    const torn = chains.flatMap((chain, index) => (lacksBase(chain) ? [index] : []));
    if (torn.length === 0) break;
    const again = torn.map((index) => names[index]!);
    const newest = await fetchRecords(connection, kind, again);
    const mended = await fetchBases(connection, kind, again, newest, known);
    for (const [at, index] of torn.entries()) chains[index] = mended[at]!;
  }
  return chains;
}

async function fetchBases(
  connection: Connection,
  kind: RecordKind,
  names: readonly Buffer[],
  records: readonly FetchedRecord[],
  known: KnownContents,
): Promise<RecordChain[]> {
  const chains = records.map((record, index): RecordChain => {
    if (record instanceof Error) return record;
    return record === null ? missing(kind, names[index]!) : [record];
  });
  for (let depth = 0; ; depth++) {
    for (const chain of chains) if (!(chain instanceof Error)) beginWithKnown(kind, chain, known);
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
      const record = bases[at] ?? missing(kind, base, { base: base.toString("hex") });
      if (record instanceof Error) chains[index] = record;
      else (chains[index] as BlobRecord[]).unshift(record);
    });
  }
}

function beginWithKnown(kind: RecordKind, chain: BlobRecord[], known: KnownContents): void {
  const name = chain[0]!.base;
  const payload = name === null ? undefined : known(name);
  if (name === null || payload === undefined) return;
  chain.unshift({ kind, name, encoding: "raw", base: null, length: payload.length, payload });
}

function missing(kind: RecordKind, name: Buffer, fields: { base?: string } = {}): DamagedError {
  const message = `blob ${name.toString("hex")} (${kind}) is not in the store`;
  return new DamagedError(message, { next: "run datadb check to see what else is missing", fields });
}

function lacksBase(chain: RecordChain): boolean {
  return chain instanceof DamagedError && chain.fields["base"] !== undefined;
}
