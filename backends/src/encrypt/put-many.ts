/** putMany and replaceMany of the encrypt backend: the index knows a record before the wrapped backend does. */
import type { BlobRecord, RecordKind } from "@datadb/protocol";
import { byKind } from "../by-kind.ts";
import type { TellPuts } from "../record-index.ts";
import { entriesFor, factsOf, tellEntries } from "./index-entry.ts";
import type { Note } from "./index-notes.ts";
import { newestKey } from "./key-ring.ts";
import { type Batch, sealBatch } from "./seal-batch.ts";
import { settleNotes } from "./settle-notes.ts";
import { idOf } from "./stored-names.ts";
import type { Vault } from "./vault.ts";

function namesOf(records: readonly BlobRecord[]): Buffer[] {
  const names: Buffer[] = [];
  for (let at = 0; at < records.length; at++) names.push(records[at]!.name);
  return names;
}

/** The same without those that are there. */
function withoutKnown(batch: Batch, there: Uint8Array): Batch {
  if (!there.includes(1)) return batch;
  const absent = (_: unknown, at: number): boolean => there[at] === 0;
  return {
    records: batch.records.filter(absent),
    names: batch.names.filter(absent),
    stored: batch.stored.filter(absent),
  };
}

/** Those that the wrapped backend does not have: an existing record is kept as it is, and so is its entry. */
async function freshOnes(
  { inner, names: storedNames }: Vault,
  records: readonly BlobRecord[],
  signal?: AbortSignal,
): Promise<[RecordKind, Batch][]> {
  const fresh: [RecordKind, Batch][] = [];
  for (const [kind, some] of byKind(records)) {
    const names = namesOf(some);
    const stored = storedNames.all(kind, names);
    const there = await inner.hasMany(kind, stored, signal);
    const batch = withoutKnown({ records: some, names, stored }, there);
    if (batch.records.length > 0) fresh.push([kind, batch]);
  }
  return fresh;
}

async function putFresh(
  vault: Vault,
  accepted: Note[],
  records: readonly BlobRecord[],
  signal?: AbortSignal,
): Promise<void> {
  const fresh = await freshOnes(vault, records, signal);
  if (fresh.length === 0) return;
  const { epoch } = newestKey(vault.keys.ring);
  const puts: [Buffer, Buffer][] = [];
  const notes: Note[] = [];
  const entries: TellPuts[] = [];
  for (const [kind, { records: some, names }] of fresh) {
    const [note, entry] = vault.notes.make("uncertain", kind, names);
    notes.push(note);
    puts.push(entry);
    entries.push(tellEntries(kind, names, some, epoch));
  }
  const more: TellPuts = (put) => {
    for (const tell of entries) tell(put);
  };
  // Before the wrapped backend can have them durably, in whatever moment it chooses: what it has, the index has, after every crash.
  await vault.index.write(puts, vault.notes.takeDropped(), { more });
  try {
    for (const [, batch] of fresh)
      await sealBatch(vault, batch, (sealed) => vault.inner.putMany(sealed, signal));
  } catch (error) {
    await settleNotes(vault, notes, true);
    throw error;
  }
  accepted.push(...notes);
}

/** See Backend.putMany. `accepted` receives the notes that a flush makes needless. */
export async function putMany(
  vault: Vault,
  accepted: Note[],
  records: readonly BlobRecord[],
  signal?: AbortSignal,
): Promise<void> {
  await vault.inFlight.during(records, (mine) => putFresh(vault, accepted, mine, signal));
}

/** See Backend.replaceMany. Until a flush the index tells of the old records, whose bases must be there until then. */
export async function replaceMany(
  vault: Vault,
  accepted: Note[],
  kind: RecordKind,
  records: readonly BlobRecord[],
): Promise<void> {
  if (records.length === 0) return;
  const names = namesOf(records);
  const batch: Batch = { records, names, stored: vault.names.all(kind, names) };
  const [note, entry] = vault.notes.make("reread", kind, batch.stored);
  await vault.index.write([entry], vault.notes.takeDropped());
  await sealBatch(vault, batch, (sealed) => vault.inner.replaceMany(kind, sealed));
  const { epoch } = newestKey(vault.keys.ring);
  const facts = records.map((record) => factsOf(record, epoch));
  for (const [at, [key, value]] of entriesFor(kind, names, facts).entries())
    vault.replaced.set(idOf(kind, names[at]!), { kind, key, value });
  accepted.push(note);
}
