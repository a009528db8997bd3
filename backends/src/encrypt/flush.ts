/** flush of the encrypt backend: the wrapped one's, then what the index could not say before. */
import type { RecordKind } from "@datadb/protocol";
import { counterOf } from "../counter-of.ts";
import type { Note } from "./index-notes.ts";
import { settleNotes } from "./settle-notes.ts";
import type { Vault } from "./vault.ts";

function takeNotes(accepted: Note[], kinds: readonly RecordKind[]): Note[] {
  const taken = accepted.filter(({ kind }) => kinds.includes(kind));
  const left = accepted.filter(({ kind }) => !kinds.includes(kind));
  accepted.splice(0, accepted.length, ...left);
  return taken;
}

/** Entries of replaced records, for those that were not removed since they were put. */
async function writeReplaced(
  vault: Vault,
  kinds: readonly RecordKind[],
  ids: readonly string[],
): Promise<void> {
  const puts: [Buffer, Buffer][] = [];
  for (const id of ids) {
    const entry = vault.replaced.get(id);
    if (entry === undefined || !kinds.includes(entry.kind)) continue;
    vault.replaced.delete(id);
    if (vault.index.getMany([entry.key])[0] !== undefined) puts.push([entry.key, entry.value]);
  }
  if (puts.length > 0) await vault.index.write(puts, vault.notes.takeDropped());
}

/** What was given up is absent now. What was replaced may be either record: the next opening looks. */
async function giveUp(vault: Vault, notes: readonly Note[], ids: readonly string[]): Promise<void> {
  await settleNotes(
    vault,
    notes.filter(({ type }) => type === "uncertain"),
    false,
  );
  for (const id of ids) vault.replaced.delete(id);
}

/** See Backend.flush. `accepted`: notes of puts that have ended. */
export async function flush(vault: Vault, accepted: Note[], kinds: readonly RecordKind[]): Promise<void> {
  const notes = takeNotes(accepted, kinds);
  const ids = [...vault.replaced.keys()];
  let failure: unknown = null;
  try {
    await vault.inner.flush(kinds);
  } catch (error) {
    failure = error;
  }
  const lost = counterOf(vault.inner, "records-lost");
  // The flush that failed may have been one that the wrapped backend made by itself.
  if (failure !== null || lost !== vault.lost) {
    vault.lost = lost;
    await giveUp(vault, notes, ids);
    if (failure !== null) throw failure;
    return;
  }
  await writeReplaced(vault, kinds, ids);
  // They go with the next write: one that is found after a crash only costs a look.
  for (const { key } of notes) vault.notes.drop(key);
}
