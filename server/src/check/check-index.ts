/** The index: every entry's record is where it says, as far as that can be told without reading it, and every base chain ends. */
import { hashLength, MAX_CHAIN_DEPTH, recordSize } from "@datadb/protocol";
import { chainDepths } from "../blobs/chain-depths.ts";
import type { BlobKind } from "../database.ts";
import type { CheckPart, CheckState } from "./check-source.ts";
import { verifyOne } from "./verify-one.ts";

async function packSizes(state: CheckState, kind: BlobKind): Promise<Map<string, number>> {
  return new Map((await state.source.backend.packs(kind)).map(({ pack, bytes }) => [pack, bytes]));
}

async function* checkPage(
  state: CheckState,
  kind: BlobKind,
  names: readonly Buffer[],
  sizes: ReadonlyMap<string, number>,
): CheckPart {
  const { backend, hash } = state.source;
  const deltas: Buffer[] = [];
  for (const [at, info] of (await backend.statMany(kind, names)).entries()) {
    const name = names[at] as Buffer;
    const end = info === null ? Number.NaN : info.offset + recordSize(info, hashLength(hash));
    // In an archive that cannot be listed: what retrieves it knows what is there.
    if (info !== null && kind === "data" && backend.capabilities.cold && !sizes.has(info.pack)) continue;
    // Read, when it seems not to be there: a pack that is written to has grown since its size was asked.
    if (info === null || end > (sizes.get(info.pack) ?? 0)) yield* verifyOne(state, kind, name);
    else if (info.base !== null) deltas.push(name);
  }
  for (const [id, depth] of await chainDepths(backend, kind, deltas)) {
    if (depth !== null && depth <= 2 * MAX_CHAIN_DEPTH) continue;
    yield* verifyOne(state, kind, Buffer.from(id, "latin1"));
  }
}

export async function* checkIndex(state: CheckState): CheckPart {
  let done = 0;
  for (const kind of ["node", "data"] as const) {
    const sizes = await packSizes(state, kind);
    for await (const page of state.source.index.records(kind)) {
      state.signal?.throwIfAborted();
      const names = page.map(({ name }) => name);
      yield* checkPage(state, kind, names, sizes);
      done += page.length;
      yield { type: "progress", phase: "index", done, total: done };
    }
  }
}
