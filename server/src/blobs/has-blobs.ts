/** Tells which blobs are there, and protects them: whoever is told that a blob exists relies on it. */
import type { Backend } from "@datadb/backends";
import type { BlobKind, Lease } from "../database.ts";
import type { BlobState } from "./blob-state.ts";
import { chainDepths } from "./chain-depths.ts";

/** See BlobStore.hasMany. */
export async function hasBlobs(
  { backend, protection, inFlight, whole }: BlobState,
  kind: BlobKind,
  names: readonly Buffer[],
  lease: Lease | undefined,
): Promise<Uint8Array> {
  const wait = protection.enter();
  if (wait !== undefined) await wait;
  let there: Uint8Array;
  try {
    there = await backend.hasMany(kind, names);
    if (!whole()) await distrustUnreadable(backend, kind, names, there);
    protection.cycle?.revive(kind, names, there);
  } finally {
    protection.leave();
  }
  names.forEach((name, at) => {
    if (there[at] === 0 && inFlight.has(kind, name)) there[at] = 1;
  });
  if (lease)
    lease.note(
      kind,
      names.filter((_, at) => there[at] === 1),
    );
  return there;
}

/** After a loss a record may be there whose base is not: it counts as absent, so that it is put again. */
async function distrustUnreadable(
  backend: Backend,
  kind: BlobKind,
  names: readonly Buffer[],
  there: Uint8Array,
): Promise<void> {
  const depths = await chainDepths(
    backend,
    kind,
    names.filter((_, at) => there[at] === 1),
  );
  const unreadable = names.filter(
    (name, at) => there[at] === 1 && depths.get(name.toString("latin1")) === null,
  );
  if (unreadable.length === 0) return;
  if (backend.capabilities.writable) await backend.distrustMany(kind, unreadable);
  for (const [at, name] of names.entries()) if (unreadable.includes(name)) there[at] = 0;
}
