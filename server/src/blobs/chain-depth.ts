/** How many bases a blob needs to be decoded. */
import type { Backend } from "@datadb/backends";
import { MAX_CHAIN_DEPTH } from "@datadb/protocol";
import type { BlobKind } from "../database.ts";

/** The number of bases below a blob: 0 when it needs none, null when it or one of them is not there, at most MAX_CHAIN_DEPTH + 1. */
export async function chainDepth(backend: Backend, kind: BlobKind, name: Buffer): Promise<number | null> {
  let next: Buffer | null = name;
  for (let depth = 0; depth <= MAX_CHAIN_DEPTH; depth += 1) {
    const [info] = await backend.statMany(kind, [next]);
    if (!info) return null;
    next = info.base;
    if (next === null) return depth;
  }
  return MAX_CHAIN_DEPTH + 1;
}
