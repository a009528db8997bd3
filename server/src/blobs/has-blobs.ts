/** Tells which blobs are there, and protects them: whoever is told that a blob exists relies on it. */
import type { BlobKind, Lease } from "../database.ts";
import type { BlobState } from "./blob-state.ts";

/** See BlobStore.hasMany. */
export async function hasBlobs(
  { backend, protection, inFlight }: BlobState,
  kind: BlobKind,
  names: readonly Buffer[],
  lease: Lease | undefined,
): Promise<Uint8Array> {
  const wait = protection.enter();
  if (wait !== undefined) await wait;
  let there: Uint8Array;
  try {
    there = await backend.hasMany(kind, names);
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
