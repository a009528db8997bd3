/** getMany, statMany and distrustMany of the encrypt backend. */
import {
  type BlobRecord,
  ColdDataError,
  DatadbError,
  isDamage,
  NotAuthenticError,
  type RecordKind,
} from "@datadb/protocol";
import type { RecordInfo } from "../backend.ts";
import { distrusted, isDistrusted, recordKeys } from "../blobsfile/location.ts";
import { decodeEntry, type EntryFacts, entriesFor, factsOf } from "./index-entry.ts";
import { openAll, openSealed } from "./open-sealed.ts";
import type { Vault } from "./vault.ts";

/** See Backend.distrustMany. */
export async function distrustMany(vault: Vault, kind: RecordKind, names: readonly Buffer[]): Promise<void> {
  const stored = vault.names.all(kind, names);
  await vault.inner.distrustMany(kind, stored);
  // One that was accepted just now replaces the damaged one, and is trusted.
  const there = await vault.inner.hasMany(kind, stored);
  const keys = recordKeys(kind, names);
  const puts = vault.index.getMany(keys).flatMap((value, at): [Buffer, Buffer][] => {
    const trusted = value === undefined || isDistrusted(value) || there[at] === 1;
    return trusted ? [] : [[keys[at]!, distrusted(value)]];
  });
  if (puts.length > 0) await vault.index.write(puts, vault.notes.takeDropped());
}

/** Damage or cold data that the wrapped backend met, told by the name that was asked for. */
function withPlainName(
  error: DatadbError,
  kind: RecordKind,
  names: readonly Buffer[],
  stored: readonly Buffer[],
): DatadbError {
  const at = stored.findIndex((name) => name.toString("hex") === error.fields["name"]);
  const name = names[at]?.toString("hex");
  if (name === undefined) return error;
  const message = `${kind} ${name}: ${error.message}`;
  const details = { cause: error, next: error.next, fields: { ...error.fields, name } };
  return error instanceof ColdDataError
    ? new ColdDataError(message, details)
    : new DatadbError(error.code, message, details);
}

/** What is damaged is absent for writers from now on: the next backup that has its content puts it again. */
async function remember(
  vault: Vault,
  kind: RecordKind,
  error: DatadbError,
  names: readonly Buffer[],
): Promise<void> {
  const bad = names.find((name) => name.toString("hex") === error.fields["name"]);
  if (bad === undefined || !vault.inner.capabilities.writable) return;
  await distrustMany(vault, kind, [bad]).catch(() => {});
}

async function readUnique(
  vault: Vault,
  kind: RecordKind,
  names: readonly Buffer[],
  signal?: AbortSignal,
): Promise<(BlobRecord | null)[]> {
  const stored = vault.names.all(kind, names);
  try {
    return openAll(vault, await vault.inner.getMany(kind, stored, signal), names);
  } catch (error) {
    if (error instanceof ColdDataError) throw withPlainName(error, kind, names, stored);
    if (!isDamage(error)) throw error;
    const told = error instanceof NotAuthenticError ? error : withPlainName(error, kind, names, stored);
    await remember(vault, kind, told, names);
    throw told;
  }
}

/**
 * See Backend.getMany. Throws NOT_AUTHENTIC for a record that is not what was sealed under its name. A name that is asked for twice is read once: both
 * would come in the same memory, in which they are opened.
 */
export async function getMany(
  vault: Vault,
  kind: RecordKind,
  names: readonly Buffer[],
  signal?: AbortSignal,
): Promise<(BlobRecord | null)[]> {
  const places = new Map<string, number>();
  const unique = names.filter((name) => {
    const id = name.toString("latin1");
    return !places.has(id) && places.set(id, places.size);
  });
  const found = await readUnique(vault, kind, unique, signal);
  return unique.length === names.length
    ? found
    : names.map((name) => found[places.get(name.toString("latin1"))!] ?? null);
}

/** An entry that the index lacks, made of the record itself. */
export async function readFacts(vault: Vault, kind: RecordKind, name: Buffer): Promise<EntryFacts | null> {
  const [stored] = await vault.inner.getMany(kind, [vault.names.of(kind, name)]);
  if (!stored) return null;
  const { record, epoch } = openSealed(vault, stored, name);
  const facts = factsOf(record, epoch);
  await vault.index.write(entriesFor(kind, [name], [facts]), vault.notes.takeDropped());
  return facts;
}

/** See Backend.statMany: whether and where from the wrapped backend, what from the index. */
export async function statMany(
  vault: Vault,
  kind: RecordKind,
  names: readonly Buffer[],
  signal?: AbortSignal,
): Promise<(RecordInfo | null)[]> {
  const infos = await vault.inner.statMany(kind, vault.names.all(kind, names), signal);
  const values = vault.index.getMany(recordKeys(kind, names));
  const result: (RecordInfo | null)[] = [];
  for (const [at, info] of infos.entries()) {
    const value = values[at];
    const name = names[at]!;
    const facts =
      info === null ? null : value === undefined ? await readFacts(vault, kind, name) : decodeEntry(value);
    if (info === null || facts === null) {
      result.push(null);
      continue;
    }
    const { encoding, length, payloadLength } = facts;
    const base = facts.base === null ? null : Buffer.from(facts.base);
    const { pack, offset } = info;
    result.push({ kind, name, encoding, base, length, payloadLength, pack, offset });
  }
  return result;
}
