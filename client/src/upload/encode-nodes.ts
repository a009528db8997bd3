/** Encodes nodes that come raw with the name of a base, for a store in this process. */
import { type BlobRecord, encodeBlob, type HashAlgorithm, MAX_CHAIN_DEPTH } from "@datadb/protocol";
import type { RecordChain } from "../tree/fetch-chains.ts";
import { decodeChain } from "../tree/fetch-contents.ts";

/** The chains of nodes of the store, in request order. */
export type FetchNodeChains = (names: readonly Buffer[]) => Promise<RecordChain[]>;

/** The same records in the same order; those with a base encoded against it, or whole when it is gone, deep or does not pay. */
export async function encodeNodes(
  records: readonly BlobRecord[],
  hash: HashAlgorithm,
  fetch: FetchNodeChains,
): Promise<BlobRecord[]> {
  const hinted = records.filter(({ base }) => base !== null);
  if (hinted.length === 0) return [...records];
  const chains = await fetch(hinted.map(({ base }) => base!));
  const encoded = new Map(hinted.map((record, i) => [record, encodeAgainst(record, chains[i]!, hash)]));
  return records.map((record) => encoded.get(record) ?? record);
}

function encodeAgainst(
  { name, payload, base }: BlobRecord,
  chain: RecordChain,
  hash: HashAlgorithm,
): BlobRecord {
  const usable = !(chain instanceof Error) && chain.length <= MAX_CHAIN_DEPTH;
  const content = usable ? decodeChain(hash, chain) : undefined;
  return Buffer.isBuffer(content)
    ? encodeBlob("node", name, payload, { base: { name: base!, content } })
    : encodeBlob("node", name, payload);
}
