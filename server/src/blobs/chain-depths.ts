/** How many bases blobs need to be decoded. */
import type { Backend } from "@datadb/backends";
import { MAX_CHAIN_DEPTH } from "@datadb/protocol";
import type { BlobKind } from "../database.ts";

/**
 * The number of bases below each blob, by name as Latin-1 text: 0 when it needs none, null when it or one of them is not there, at
 * most MAX_CHAIN_DEPTH + 1. Asks the index once for each level of all chains.
 */
export async function chainDepths(
  backend: Backend,
  kind: BlobKind,
  names: readonly Buffer[],
): Promise<Map<string, number | null>> {
  const depths = new Map<string, number | null>();
  let open = [...new Map(names.map((name) => [name.toString("latin1"), name]))];
  for (let depth = 0; open.length > 0; depth += 1) {
    const infos = await backend.statMany(
      kind,
      open.map(([, next]) => next),
    );
    const deeper: [string, Buffer][] = [];
    for (const [at, [id]] of open.entries()) {
      const base = infos[at]?.base;
      if (base === undefined) depths.set(id, null);
      else if (base === null || depth === MAX_CHAIN_DEPTH) depths.set(id, base === null ? depth : depth + 1);
      else deeper.push([id, base]);
    }
    open = deeper;
  }
  return depths;
}
