/** Asks the wrapped backend about names that the index may be wrong about. */
import { recordKeys } from "../blobsfile/location.ts";
import type { Note } from "./index-notes.ts";
import type { Vault } from "./vault.ts";

/**
 * Takes those names out of the index that are not there, and drops the notes. When the wrapped backend cannot say, the notes stay for the next opening.
 * `claimed`: the caller has claimed the names, so that nobody else puts them.
 */
export async function settleNotes(vault: Vault, notes: readonly Note[], claimed: boolean): Promise<void> {
  for (const { key, kind, ...note } of notes) {
    try {
      const names = note.names();
      const there = await vault.inner.hasMany(kind, vault.names.all(kind, names));
      const gone = names.filter(
        (name, at) => there[at] === 0 && (claimed || !vault.inFlight.has(kind, name)),
      );
      if (gone.length > 0) await vault.index.write([], recordKeys(kind, gone));
      vault.notes.drop(key);
    } catch {
      // What failed before this is what the caller tells; the note is still there.
    }
  }
}
