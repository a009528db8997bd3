/** Blobs that are whole themselves, and need a bad one to be decoded. */
import type { BlobKind } from "../database.ts";
import { type CheckPart, type CheckState, finding } from "./check-source.ts";

/** One pass over the index; whether it found more. */
async function* onePass(
  state: CheckState,
  kind: BlobKind,
): AsyncGenerator<Parameters<typeof finding>[1] & { id: Buffer }> {
  const { backend, index } = state.source;
  for await (const page of index.records(kind)) {
    const deltas = page.filter(({ encoding }) => encoding === "zstd-delta").map(({ name }) => name);
    if (deltas.length === 0) continue;
    for (const info of await backend.statMany(kind, deltas)) {
      if (!info?.base || !state.bad[kind].has(info.base.toString("latin1"))) continue;
      if (state.bad[kind].has(info.name.toString("latin1"))) continue;
      const message = `${kind} ${info.name.toString("hex")} is kept as a difference to ${info.base.toString("hex")}, which is damaged`;
      yield { what: "needs-damaged", kind, message, id: Buffer.from(info.name) };
    }
  }
}

/** Every blob above a bad one, however long the chain: as many passes as chains are deep. */
export async function* findDependants(state: CheckState): CheckPart {
  for (const kind of ["node", "data"] as const) {
    if (state.bad[kind].size === 0) continue;
    for (let more = true; more; ) {
      more = false;
      for await (const { id, ...found } of onePass(state, kind)) {
        more = true;
        yield finding(state, found, id);
      }
    }
  }
}
