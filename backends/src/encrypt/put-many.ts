/** putMany and replaceMany of the encrypt backend: the index knows a record before the wrapped backend does. */
import { type BlobRecord, RECORD_KINDS, type RecordKind } from "@datadb/protocol";
import { recordKeys } from "../blobsfile/location.ts";
import { encodeEntry, factsOf } from "./index-entry.ts";
import type { Note } from "./index-notes.ts";
import { newestKey } from "./key-ring.ts";
import { sealBatch } from "./seal-batch.ts";
import { settleNotes } from "./settle-notes.ts";
import { idOf, type Vault } from "./vault.ts";

/** Notes of puts that were accepted, to be dropped when the wrapped backend has flushed. */
export type AcceptedNotes = Note[];

function namesOf(records: readonly BlobRecord[]): Buffer[] {
  return records.map(({ name }) => name);
}

function entriesOf(vault: Vault, kind: RecordKind, records: readonly BlobRecord[]): [Buffer, Buffer][] {
  const { epoch } = newestKey(vault.keys.ring);
  const keys = recordKeys(kind, namesOf(records));
  return records.map((record, at) => [keys[at]!, encodeEntry(factsOf(record, epoch))]);
}

/** Those that the wrapped backend does not have: an existing record is kept as it is, and so is its entry. */
async function freshOnes(
  vault: Vault,
  records: readonly BlobRecord[],
  signal?: AbortSignal,
): Promise<Map<RecordKind, BlobRecord[]>> {
  const fresh = new Map<RecordKind, BlobRecord[]>();
  for (const kind of RECORD_KINDS) {
    const some = records.filter((record) => record.kind === kind);
    if (some.length === 0) continue;
    const there = await vault.inner.hasMany(kind, vault.names.all(kind, namesOf(some)), signal);
    const left = some.filter((_, at) => there[at] === 0);
    if (left.length > 0) fresh.set(kind, left);
  }
  return fresh;
}

async function putFresh(
  vault: Vault,
  accepted: AcceptedNotes,
  records: readonly BlobRecord[],
  signal?: AbortSignal,
): Promise<void> {
  const fresh = await freshOnes(vault, records, signal);
  if (fresh.size === 0) return;
  const puts: [Buffer, Buffer][] = [];
  const notes: Note[] = [];
  for (const [kind, some] of fresh) {
    const [note, entry] = vault.notes.make(
      "uncertain",
      kind,
      namesOf(some).map((name) => Buffer.from(name)),
    );
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

/** See Backend.putMany. */
export async function putMany(
  vault: Vault,
  accepted: AcceptedNotes,
  records: readonly BlobRecord[],
  signal?: AbortSignal,
): Promise<void> {
  const waits = new Set<Promise<void>>();
  const mine: BlobRecord[] = [];
  const ids: string[] = [];
  let settle: (error: unknown) => void = () => {};
  const promise = new Promise<void>((resolve, reject) => {
    settle = (error) => (error === undefined ? resolve() : reject(error));
  });
  for (const record of records) {
    const id = idOf(record.kind, record.name);
    const other = vault.inFlight.get(id);
    if (other === undefined) {
      vault.inFlight.set(id, promise);
      mine.push(record);
      ids.push(id);
    } else if (other !== promise) waits.add(other);
  }
  promise.catch(() => {});
  try {
    if (mine.length > 0) await putFresh(vault, accepted, mine, signal);
    settle(undefined);
  } catch (error) {
    settle(error);
    throw error;
  } finally {
    for (const id of ids) vault.inFlight.delete(id);
  }
  await Promise.all(waits);
}

/** See Backend.replaceMany. Until a flush the index tells of the old records, whose bases must be there until then. */
export async function replaceMany(
  vault: Vault,
  accepted: AcceptedNotes,
  kind: RecordKind,
  records: readonly BlobRecord[],
): Promise<void> {
  if (records.length === 0) return;
  const [note, entry] = vault.notes.make("reread", kind, vault.names.all(kind, namesOf(records)));
  await vault.index.write([entry], vault.notes.takeDropped());
  await sealBatch(vault, records, (sealed) => vault.inner.replaceMany(kind, sealed));
  for (const [at, [key, value]] of entriesOf(vault, kind, records).entries())
    vault.replaced.set(idOf(kind, records[at]!.name), { kind, key, value });
  accepted.push(note);
}
