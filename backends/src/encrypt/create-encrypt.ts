/** The Backend object over an open vault: what begins when, and what goes where. */
import { RECORD_KINDS, type RecordKind } from "@datadb/protocol";
import type { Backend, ReindexSummary } from "../backend.ts";
import { recordKeys } from "../blobsfile/location.ts";
import { coldIn } from "../cold-in.ts";
import { createOpeningGate } from "../opening-gate.ts";
import { coldSealed } from "./cold-sealed.ts";
import { fillIndex } from "./fill-index.ts";
import { flush } from "./flush.ts";
import { distrustMany, getMany, statMany } from "./get-many.ts";
import { hasMany } from "./has-many.ts";
import type { Note } from "./index-notes.ts";
import { list } from "./list.ts";
import { putMany, replaceMany } from "./put-many.ts";
import { registerKeys } from "./store-keys.ts";
import { idOf } from "./stored-names.ts";
import type { Vault } from "./vault.ts";

/** The entries go last: a name that the index keeps too long is found by its note. */
async function removeMany(vault: Vault, kind: RecordKind, names: readonly Buffer[]): Promise<void> {
  if (names.length === 0) return vault.inner.removeMany(kind, []);
  const { index, notes } = vault;
  const [note, entry] = notes.make("uncertain", kind, names);
  await index.write([entry], notes.takeDropped());
  for (const name of names) vault.replaced.delete(idOf(kind, name));
  await vault.inner.removeMany(kind, vault.names.all(kind, names));
  await index.write([], [...recordKeys(kind, names), note.key]);
}

async function reindex(vault: Vault, signal?: AbortSignal): Promise<ReindexSummary> {
  await vault.inFlight.settled();
  // From now on, until it is filled again, the index is not complete: also when this is cut short.
  await vault.index.write([], [vault.notes.completeKey]);
  const { packs, bytes, damaged } = await vault.inner.reindex(signal);
  const filled = await fillIndex(vault, false, signal);
  return { packs, bytes, records: filled.records, damaged: Math.max(damaged, filled.damaged) };
}

function countersOf({ counts }: Vault): Record<string, number> {
  return {
    "blobs-uploaded": counts.sealed,
    "bytes-uploaded": counts.sealedBytes,
    "blobs-downloaded": counts.opened,
    "bytes-downloaded": counts.openedBytes,
    "records-refused": counts.refused,
  };
}

async function shut(vault: Vault, accepted: Note[]): Promise<void> {
  try {
    await vault.inFlight.settled();
    if (!vault.inner.capabilities.writable) return;
    await flush(vault, accepted, RECORD_KINDS);
    const dropped = vault.notes.takeDropped();
    if (dropped.length > 0) await vault.index.write([], dropped);
  } finally {
    await vault.inner.close();
  }
}

/** A ready backend over it. */
export function createEncrypt(vault: Vault): Backend {
  const { inner } = vault;
  const gate = createOpeningGate(vault.description);
  const { enter } = gate;
  const accepted: Note[] = [];
  const backend: Backend = {
    type: "encrypt",
    description: vault.description,
    capabilities: inner.capabilities,
    inner: [inner],
    get cold() {
      const within = coldIn(inner);
      return within === undefined ? undefined : coldSealed(vault, within, enter);
    },
    hasMany: (kind, names, signal) => enter(signal).then(() => hasMany(vault, kind, names, signal)),
    putMany: (records, signal) => enter(signal).then(() => putMany(vault, accepted, records, signal)),
    replaceMany: (kind, records) => enter().then(() => replaceMany(vault, accepted, kind, records)),
    getMany: (kind, names, signal) => enter(signal).then(() => getMany(vault, kind, names, signal)),
    statMany: (kind, names, signal) => enter(signal).then(() => statMany(vault, kind, names, signal)),
    async *list(kind, signal, pack) {
      await enter(signal);
      yield* list(vault, kind, signal, pack);
    },
    packs: (kind) => enter().then(() => inner.packs(kind)),
    distrustMany: (kind, names) => enter().then(() => distrustMany(vault, kind, names)),
    setAside: (kind, names) => enter().then(() => inner.setAside(kind, vault.names.all(kind, names))),
    removeMany: (kind, names) => enter().then(() => removeMany(vault, kind, names)),
    compact: (options) => enter(options.signal).then(() => inner.compact(options)),
    flush: (kinds = RECORD_KINDS) => enter().then(() => flush(vault, accepted, kinds)),
    reindex: (signal) => gate.reindex(signal, () => reindex(vault, signal)),
    counters: () => countersOf(vault),
    close: () => gate.close(() => shut(vault, accepted)),
  };
  registerKeys(backend, vault, enter);
  return backend;
}
