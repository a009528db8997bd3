/** For tests: what a backup in a memory store holds, read back with nothing but the protocol's readers. */
import {
  type BlobRecord,
  decodeChain,
  decodeMeta,
  type HashAlgorithm,
  type Meta,
  type RecordKind,
  readDirectory,
  readList,
} from "@datadb/protocol";
import { recordChain } from "./record-chain.ts";

export interface ReadBack {
  meta: Meta;
  /** Content of a file, holes as zeros. */
  content: Buffer;
  /** Lengths of its holes. */
  holes: number[];
}

/** Entries by latin1 path, "" is the root. Every blob is verified. */
export async function readBack(
  records: ReadonlyMap<string, BlobRecord>,
  hash: HashAlgorithm,
  ref: string,
): Promise<Map<string, ReadBack>> {
  const get = (kind: RecordKind, name: Buffer): Buffer => {
    return decodeChain(hash, recordChain(records, kind, name));
  };
  const nodes = async (names: readonly Buffer[]): Promise<Buffer[]> => names.map((name) => get("node", name));
  const entries = new Map<string, ReadBack>();

  async function read(meta: Meta, path: string): Promise<void> {
    const parts: Buffer[] = [];
    const holes: number[] = [];
    if (meta.chunk) parts.push(get("data", meta.chunk));
    if (meta.list) {
      for await (const { name, length } of readList(nodes, hash, { list: meta.list }, meta.size)) {
        parts.push(name === null ? Buffer.alloc(length) : get("data", name));
        if (name === null) holes.push(length);
      }
    }
    entries.set(path, { meta, content: Buffer.concat(parts), holes });
    if (!meta.directory) return;
    for await (const child of readDirectory(nodes, hash, meta.directory)) {
      const name = child.name.toString("latin1");
      await read(child, path === "" ? name : `${path}/${name}`);
    }
  }
  await read(decodeMeta(get("node", Buffer.from(ref, "hex"))), "");
  return entries;
}
