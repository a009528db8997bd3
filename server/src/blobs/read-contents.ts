/** Records and their decoded, verified contents. */
import type { Backend } from "@datadb/backends";
import {
  type BlobRecord,
  DamagedError,
  decodeChain as decodeRecords,
  type HashAlgorithm,
  MAX_BATCH_NAMES,
  MAX_CHAIN_DEPTH,
} from "@datadb/protocol";
import type { BlobKind } from "../database.ts";
import type { BlobState } from "./blob-state.ts";

/** Longer chains are never written: their reader would be led in circles. */
export const MAX_CHAIN: number = 2 * MAX_CHAIN_DEPTH;

/** Records in request order, null where absent; any number of names. */
export async function readRecords(
  backend: Backend,
  kind: BlobKind,
  names: readonly Buffer[],
): Promise<(BlobRecord | null)[]> {
  if (names.length <= MAX_BATCH_NAMES) return backend.getMany(kind, names);
  const records: (BlobRecord | null)[] = [];
  for (let at = 0; at < names.length; at += MAX_BATCH_NAMES) {
    records.push(...(await backend.getMany(kind, names.slice(at, at + MAX_BATCH_NAMES))));
  }
  return records;
}

function describe(kind: BlobKind, name: Buffer): string {
  return `${kind} ${name.toString("hex")}`;
}

/** A record may be encoded anew between two reads, and its base go: so often the chain is read from its end again. */
const READS = 4;

/** The records that `record` is decoded from: its bases from the first on, itself (as it is now) last. Throws DAMAGED. */
export async function readChain(backend: Backend, record: BlobRecord): Promise<BlobRecord[]> {
  let newest = record;
  for (let reads = 1; ; reads++) {
    try {
      return await readBases(backend, newest);
    } catch (error) {
      if (reads === READS || !(error instanceof DamagedError) || error.fields["base"] === undefined)
        throw error;
      const [again] = await backend.getMany(record.kind, [record.name]);
      if (!again) throw error;
      newest = again;
    }
  }
}

async function readBases(backend: Backend, record: BlobRecord): Promise<BlobRecord[]> {
  const kind = record.kind as BlobKind;
  const chain = [record];
  for (let last = record; last.base !== null; last = chain.at(-1) as BlobRecord) {
    if (chain.length > MAX_CHAIN) {
      throw new DamagedError(`${describe(kind, record.name)} has more than ${MAX_CHAIN} bases`, {
        fields: { kind, name: record.name.toString("hex") },
      });
    }
    const [base] = await backend.getMany(kind, [last.base]);
    if (!base) {
      throw new DamagedError(
        `${describe(kind, record.name)} needs ${describe(kind, last.base)}, which is not there`,
        {
          fields: { kind, name: record.name.toString("hex"), base: last.base.toString("hex") },
        },
      );
    }
    chain.push(base);
  }
  return chain.reverse();
}

/** The content of a record; its bases are fetched first. Throws DAMAGED, HASH_MISMATCH, DECODE. */
export async function decodeChain(
  backend: Backend,
  hash: HashAlgorithm,
  record: BlobRecord,
): Promise<Buffer> {
  return decodeRecords(hash, await readChain(backend, record));
}

/** Contents in request order, null where absent; nodes come from the cache when they can. Throws DAMAGED, HASH_MISMATCH. */
export async function readContents(
  { backend, hash, nodes }: Pick<BlobState, "backend" | "hash" | "nodes">,
  kind: BlobKind,
  names: readonly Buffer[],
): Promise<(Buffer | null)[]> {
  const contents: (Buffer | null)[] = names.map((name) =>
    kind === "node" ? (nodes.get(name) ?? null) : null,
  );
  const wanted = names.flatMap((_, at) => (contents[at] === null ? [at] : []));
  const records = await readRecords(
    backend,
    kind,
    wanted.map((at) => names[at] as Buffer),
  );
  for (const [index, at] of wanted.entries()) {
    const record = records[index];
    if (!record) continue;
    const content = await decodeChain(backend, hash, record);
    contents[at] = content;
    // A raw record is a view of a larger read: the cache must not hold all of that.
    if (kind === "node") nodes.set(record.name, record.encoding === "raw" ? Buffer.from(content) : content);
  }
  return contents;
}
