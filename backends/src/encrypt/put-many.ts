/** putMany and replaceMany of the encrypt backend: the index knows a record before the wrapped backend does. */
import { type BlobRecord, RECORD_KINDS, type RecordKind } from "@datadb/protocol";
import { entriesFor, factsOf } from "./index-entry.ts";
import type { Note } from "./index-notes.ts";
import { newestKey } from "./key-ring.ts";
import { type Named, sealBatch } from "./seal-batch.ts";
import { settleNotes } from "./settle-notes.ts";
import { idOf } from "./stored-names.ts";
import type { Vault } from "./vault.ts";

function namesOf(records: readonly Named[]): Buffer[] {
  return records.map(({ record }) => record.name);
}

function entriesOf(vault: Vault, kind: RecordKind, records: readonly Named[]): [Buffer, Buffer][] {
  const { epoch } = newestKey(vault.keys.ring);
  return entriesFor(
    kind,
    namesOf(records),
    records.map(({ record }) => factsOf(record, epoch)),
  );
}

/** Those that the wrapped backend does not have: an existing record is kept as it is, and so is its entry. */
async function freshOnes(
  { inner, names }: Vault,
  records: readonly BlobRecord[],
  signal?: AbortSignal,
): Promise<Map<RecordKind, Named[]>> {
  const fresh = new Map<RecordKind, Named[]>();
  for (const kind of RECORD_KINDS) {
    const some = records.filter((record) => record.kind === kind);
    if (some.length === 0) continue;
    const stored = names.all(
      kind,
      some.map(({ name }) => name),
    );
    const there = await inner.hasMany(kind, stored, signal);
    const left: Named[] = [];
    for (const [at, record] of some.entries())
      if (there[at] === 0) left.push({ record, stored: stored[at]! });
    if (left.length > 0) fresh.set(kind, left);
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
  if (fresh.size === 0) return;
  const puts: [Buffer, Buffer][] = [];
  const notes: Note[] = [];
  for (const [kind, some] of fresh) {
    const [note, entry] = vault.notes.make("uncertain", kind, namesOf(some));
    notes.push(note);
    puts.push(entry, ...entriesOf(vault, kind, some));
  }
  // Before the wrapped backend can have them durably, in whatever moment it chooses: what it has, the index has, after every crash.
  await vault.index.write(puts, vault.notes.takeDropped());
  try {
    await sealBatch(vault, [...fresh.values()].flat(), (sealed) => vault.inner.putMany(sealed, signal));
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
  const named = records.map((record) => ({ record, stored: vault.names.of(kind, record.name) }));
  const stored = named.map((one) => one.stored);
  const [note, entry] = vault.notes.make("reread", kind, stored);
  await vault.index.write([entry], vault.notes.takeDropped());
  await sealBatch(vault, named, (sealed) => vault.inner.replaceMany(kind, sealed));
  for (const [at, [key, value]] of entriesOf(vault, kind, named).entries())
    vault.replaced.set(idOf(kind, records[at]!.name), { kind, key, value });
  accepted.push(note);
}
