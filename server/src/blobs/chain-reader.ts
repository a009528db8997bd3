/** Many chains at once: what records are decoded from, read together. */
import type { Backend } from "@datadb/backends";
import { type BlobRecord, ColdDataError, isDamage, MAX_BATCH_NAMES } from "@datadb/protocol";
import { MAX_CHAIN, readChain } from "./read-contents.ts";

/** What of these is whole and at hand. */
async function readWhole(
  backend: Backend,
  kind: BlobRecord["kind"],
  names: readonly Buffer[],
): Promise<(BlobRecord | null)[]> {
  try {
    return await backend.getMany(kind, names);
  } catch (error) {
    // Who needs the one that is bad is told of it when his chain is read by itself.
    if (isDamage(error) || error instanceof ColdDataError) return [];
    throw error;
  }
}

/**
 * Reads all bases of these records, each once, with as few calls as the longest chain has members. Resolves with what gives the chain of each: see
 * readChain, to which it leaves what is not whole. The caller bounds the records; their bases stay in memory as long as the result.
 */
export async function chainReader(
  backend: Backend,
  records: readonly BlobRecord[],
): Promise<(record: BlobRecord) => Promise<BlobRecord[]>> {
  const bases = new Map<string, BlobRecord>();
  const asked = new Set<string>();
  for (let open = records; open.length > 0; ) {
    const wanted = open.flatMap(({ kind, base }) => {
      const id = base?.toString("latin1");
      if (base === null || id === undefined || asked.has(id)) return [];
      asked.add(id);
      return [{ kind, name: base }];
    });
    const found: BlobRecord[] = [];
    for (let at = 0; at < wanted.length; at += MAX_BATCH_NAMES) {
      const names = wanted.slice(at, at + MAX_BATCH_NAMES).map(({ name }) => name);
      for (const record of await readWhole(backend, wanted[at]!.kind, names)) {
        if (record === null) continue;
        bases.set(record.name.toString("latin1"), record);
        found.push(record);
      }
    }
    open = found;
  }
  return async (record) => {
    const chain = [record];
    for (let last = record; last.base !== null; last = chain[0]!) {
      const base = bases.get(last.base.toString("latin1"));
      // Missing, or a circle.
      if (base === undefined || chain.length > MAX_CHAIN) return readChain(backend, record);
      chain.unshift(base);
    }
    return chain;
  };
}
