/** Blobs that a commit on its way refers to. */
import type { BlobKind } from "../database.ts";
import type { BlobState } from "./blob-state.ts";

type Reference = { kind: BlobKind; name: Buffer };

/** See BlobStore.claim. */
export async function claimBlobs(
  state: BlobState,
  references: readonly Reference[],
): Promise<{ missing: Reference | null; release(): void }> {
  const { backend, protection, inFlight } = state;
  // What is on its way counts as existing, and may come to nothing.
  for (const { kind, name } of references) await inFlight.end(kind, name)?.catch(() => undefined);
  await protection.enter();
  try {
    for (const reference of references) {
      const there = await backend.hasMany(reference.kind, [reference.name]);
      protection.cycle?.revive(reference.kind, [reference.name], there);
      if (there[0] === 0) return { missing: reference, release: () => {} };
    }
    protection.claims.add(references);
    // A collection that began in between has not seen the claim.
    for (const { kind, name } of references) protection.cycle?.keep(kind, [name]);
    return { missing: null, release: () => protection.claims.delete(references) };
  } finally {
    protection.leave();
  }
}
