/** Verified contents of blobs: decoded here, hashed against their names, bases resolved. */
import {
  type BlobRecord,
  DamagedError,
  decodeBlob,
  type HashAlgorithm,
  type RecordKind,
} from "@datadb/protocol";
import type { Connection } from "../connection.ts";
import { fetchChains } from "./fetch-chains.ts";
import { fetchRecords } from "./fetch-records.ts";

/** Contents in request order; an Error stands where a blob is missing or damaged. */
export async function fetchContents(
  connection: Connection,
  hash: HashAlgorithm,
  kind: RecordKind,
  names: readonly Buffer[],
): Promise<(Buffer | Error)[]> {
  const records = await fetchRecords(connection, kind, names);
  const chains = await fetchChains(connection, kind, names, records);
  return chains.map((chain) => (chain instanceof Error ? chain : decodeChain(hash, chain)));
}

/** Decodes a blob whose bases come before it. Never throws: a mismatch is the result. */
export function decodeChain(hash: HashAlgorithm, chain: readonly BlobRecord[]): Buffer | Error {
  try {
    let content: Buffer | undefined;
    for (const record of chain) content = decodeBlob(hash, record, content);
    return content ?? new DamagedError("a blob has no record");
  } catch (error) {
    return error as Error;
  }
}
