/** Verified contents of blobs: decoded here, hashed against their names, bases resolved. */
import { decodeChain, type HashAlgorithm, type RecordKind } from "@datadb/protocol";
import type { Connection } from "../connection.ts";
import { fetchChains, type KnownContents, type RecordChain } from "./fetch-chains.ts";
import { fetchRecords } from "./fetch-records.ts";

/** Contents in request order; an Error stands where a blob is missing or damaged. `known`: what need not be decoded again. */
export async function fetchContents(
  connection: Connection,
  hash: HashAlgorithm,
  kind: RecordKind,
  names: readonly Buffer[],
  known?: KnownContents,
): Promise<(Buffer | Error)[]> {
  const records = await fetchRecords(connection, kind, names);
  const chains = await fetchChains(connection, kind, names, records, known);
  return chains.map((chain) => contentOf(hash, chain));
}

/** The content of the last record of a chain; an Error when it is missing or damaged. `into`: as decodeChain has it. */
export function contentOf(hash: HashAlgorithm, chain: RecordChain, into?: Buffer): Buffer | Error {
  if (chain instanceof Error) return chain;
  try {
    return decodeChain(hash, chain, into);
  } catch (error) {
    return error as Error;
  }
}
