/** Nodes that are needed, and whose base is not, are encoded anew without it. */
import type { Backend } from "@datadb/backends";
import { type BlobRecord, encodeBlob, type HashAlgorithm } from "@datadb/protocol";
import type { FrozenIndex } from "../blobs/name-index.ts";
import { decodeChain } from "../blobs/read-contents.ts";
import type { GcCycle } from "./gc-cycle.ts";

const BATCH = 256;

/** Resolves with how many there were, durably replaced. */
export async function detachNodes(
  cycle: GcCycle,
  index: FrozenIndex,
  { backend, hash, flush }: { backend: Backend; hash: HashAlgorithm; flush(): Promise<void> },
  signal?: AbortSignal,
): Promise<number> {
  const { node } = cycle.tables;
  let detached = 0;
  const replace = async (names: readonly Buffer[]): Promise<void> => {
    const replaced: BlobRecord[] = [];
    for (const record of await backend.getMany("node", names)) {
      if (record === null || record.base === null || node.marked(record.base)) continue;
      replaced.push(encodeBlob("node", record.name, await decodeChain(backend, hash, record)));
    }
    await backend.replaceMany("node", replaced);
    detached += replaced.length;
  };
  let batch: Buffer[] = [];
  for await (const page of index.records("node")) {
    signal?.throwIfAborted();
    for (const { name, base } of page) {
      if (base !== null && node.marked(name) && !node.marked(base)) batch.push(Buffer.from(name));
      if (batch.length < BATCH) continue;
      await replace(batch);
      batch = [];
    }
  }
  if (batch.length > 0) await replace(batch);
  // Their bases may go only when the index has the new records.
  if (detached > 0) await flush();
  return detached;
}
