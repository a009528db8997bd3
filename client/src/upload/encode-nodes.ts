/** Encodes nodes that come raw with the name of a base, for a store in this process. */
import { type BlobRecord, encodeOnChain, type HashAlgorithm } from "@datadb/protocol";
import type { FetchChains } from "./encode-job.ts";

/** The same records in the same order; those with a base encoded on its chain, or whole when it is gone or does not pay. */
export async function encodeNodes(
  records: readonly BlobRecord[],
  hash: HashAlgorithm,
  fetch: FetchChains,
): Promise<BlobRecord[]> {
  const hinted = records.filter(({ base }) => base !== null);
  if (hinted.length === 0) return [...records];
  const chains = await fetch(
    "node",
    hinted.map(({ base }) => base!),
  );
  const encoded = new Map<BlobRecord, BlobRecord>();
  for (const [i, record] of hinted.entries()) {
    const chain = chains[i]!;
    const usable = chain instanceof Error ? [] : chain;
    encoded.set(record, encodeOnChain(hash, "node", record.name, record.payload, usable));
  }
  return records.map((record) => encoded.get(record) ?? record);
}
