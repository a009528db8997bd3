/** Marks the bases of what stays, as the store has it now: what could not be replaced still needs its old one. */
import type { Backend } from "@datadb/backends";
import type { FrozenIndex } from "../blobs/name-index.ts";
import type { BlobKind } from "../database.ts";
import type { GcCycle } from "./gc-cycle.ts";

const BATCH_NAMES = 1024;

/** When what replaces others is durable. What was marked must be followed before and after; `follow` does it in between. */
export async function markBases(
  cycle: GcCycle,
  kind: BlobKind,
  index: FrozenIndex,
  { backend, follow }: { backend: Backend; follow(): Promise<void> },
  signal?: AbortSignal,
): Promise<void> {
  const table = cycle.tables[kind];
  if (table.flags === 0) return;
  let batch: { name: Buffer; base: Buffer }[] = [];
  const mark = async (): Promise<void> => {
    signal?.throwIfAborted();
    const infos = await backend.statMany(
      kind,
      batch.map(({ name }) => name),
    );
    for (const [at, { base }] of batch.entries()) {
      const info = infos[at];
      // What is known to be damaged counts as absent; another member of a mirror may have it, and then its base must be there.
      const needed = info ? info.base : base;
      if (needed !== null) cycle.mark(kind, needed);
    }
    batch = [];
    await follow();
  };
  for await (const page of index.records(kind)) {
    for (const { name, base } of page) {
      if (base === null || !table.marked(name) || table.marked(base)) continue;
      batch.push({ name: Buffer.from(name), base: Buffer.from(base) });
      if (batch.length >= BATCH_NAMES) await mark();
    }
  }
  await mark();
}
