/** Brings the index up to date with the wrapped backend: after a crash, after its loss, and for a reindex. */
import { type BlobRecord, RECORD_KINDS, type RecordKind } from "@datadb/protocol";
import { entriesFor, factsOf } from "./index-entry.ts";
import { listOpened, openStored, readBatches, readStored } from "./list.ts";
import type { OpenedRecord } from "./open-sealed.ts";
import { settleNotes } from "./settle-notes.ts";
import type { Vault } from "./vault.ts";

/** What filling found. */
export interface Filled {
  records: number;
  /** Records and ranges that could not be opened. */
  damaged: number;
}

/**
 * Makes the index of what the wrapped backend lists, all of it read and opened. `tell`: say what is found to the store, as what it did not know. The index
 * is complete, and said to be, when it resolves; and not when it is cut short.
 */
export async function fillIndex(vault: Vault, tell: boolean, signal?: AbortSignal): Promise<Filled> {
  const { inner, index, notes, keys } = vault;
  await index.clear();
  vault.replaced.clear();
  await index.write([notes.changeEntry(keys.record.change)], notes.takeDropped());
  const filled: Filled = { records: 0, damaged: 0 };
  for (const kind of RECORD_KINDS) {
    if (kind === "data" && inner.capabilities.cold) {
      vault.warn(
        `${vault.description}: what its cold data holds is not known until it is read; it takes no part in gc`,
      );
      continue;
    }
    for await (const { listing, epochs } of listOpened(vault, kind, signal)) {
      const names = listing.records.map(({ name }) => name);
      if (tell) await vault.recovered(kind, names);
      const facts = listing.records.map((info, at) => ({ ...info, epoch: epochs[at]! }));
      await index.write(entriesFor(kind, names, facts), []);
      filled.records += names.length;
      filled.damaged += listing.damaged.length;
    }
  }
  await index.write([notes.completeEntry()], []);
  return filled;
}

function sayRefused(vault: Vault, problem: Error): void {
  vault.warn(`${problem.message}; nothing was changed there, run \`datadb check\``);
}

/** Opens stored records, tells the store of them, and enters them. */
async function enter(vault: Vault, kind: RecordKind, stored: readonly BlobRecord[]): Promise<void> {
  const opened: OpenedRecord[] = [];
  for (const one of stored) {
    const found = openStored(vault, one);
    if (found instanceof Error) sayRefused(vault, found);
    else if (found !== null) opened.push(found);
  }
  const names = opened.map(({ record }) => Buffer.from(record.name));
  if (names.length === 0) return;
  await vault.recovered(kind, names);
  const facts = opened.map(({ record, epoch }) => factsOf(record, epoch));
  await vault.index.write(entriesFor(kind, names, facts), []);
}

/** Does what the notes of an earlier process, and of this opening, ask for. */
export async function settleIndex(vault: Vault): Promise<void> {
  const { inner, notes } = vault;
  for await (const note of notes.read("uncertain")) await settleNotes(vault, [note], false);
  for await (const { key, kind, ...note } of notes.read("reread")) {
    const infos = await inner.statMany(kind, note.names());
    for (const batch of readBatches(infos.filter((info) => info !== null))) {
      const found = await readStored(
        vault,
        kind,
        batch.map(({ name }) => name),
      );
      for (const one of found) if (one instanceof Error) sayRefused(vault, one);
      await enter(
        vault,
        kind,
        found.filter((one): one is BlobRecord => one !== null && !(one instanceof Error)),
      );
    }
    notes.drop(key);
  }
  const dropped = notes.takeDropped();
  if (dropped.length > 0) await vault.index.write([], dropped);
}
