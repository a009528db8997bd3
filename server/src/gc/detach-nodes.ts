/** Nodes that are needed, and whose base is not, are encoded anew without it. */
import type { Backend } from "@datadb/backends";
import {
  type BlobRecord,
  decodeChain,
  encodeBlob,
  type HashAlgorithm,
  hashLength,
  recordSize,
} from "@datadb/protocol";
import { chainReader } from "../blobs/chain-reader.ts";
import type { FrozenIndex } from "../blobs/name-index.ts";
import type { Detached } from "./detach-data.ts";
import type { GcCycle } from "./gc-cycle.ts";

const BATCH = 256;

/** Durable with the next flush, until which they need their bases; `found` says how many there were, also after an error. */
export async function detachNodes(
  cycle: GcCycle,
  index: FrozenIndex,
  { backend, hash }: { backend: Backend; hash: HashAlgorithm },
  found: Detached,
  signal?: AbortSignal,
): Promise<void> {
  const { node } = cycle.tables;
  if (node.flags === 0) return;
  const n = hashLength(hash);
  const replace = async (names: readonly Buffer[]): Promise<void> => {
    const replaced: BlobRecord[] = [];
    let [bytes, written] = [0, 0];
    const records = (await backend.getMany("node", names)).filter((record) => record !== null);
    const chainOf = await chainReader(backend, records);
    for (const record of records) {
      if (record.base === null || node.marked(record.base)) continue;
      const whole = encodeBlob("node", record.name, decodeChain(hash, await chainOf(record)));
      replaced.push(whole);
      bytes += recordSize(whole, n) - recordSize(record, n);
      written += recordSize(whole, n);
    }
    await backend.replaceMany("node", replaced);
    found.blobs += replaced.length;
    found.bytes += bytes;
    found.written += written;
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
}
