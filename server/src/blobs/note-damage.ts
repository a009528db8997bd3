/** Damage that a reader meets is remembered: what is damaged counts as absent for writers, so that the next backup puts it again. */
import type { Backend } from "@datadb/backends";
import { type DatadbError, type HashAlgorithm, hashLength, isDamage, parseHex } from "@datadb/protocol";
import type { BlobKind } from "../database.ts";

/** What is told of damage, and to whom. */
export interface DamageWatch {
  readonly backend: Backend;
  readonly hash: HashAlgorithm;
  /** Something that backups refer to is damaged or gone. */
  onDamage(): Promise<void>;
}

/** The result of reading blobs of a kind. Its errors go on to the reader; what they say about the store is noted first. */
export async function noteDamage<T>(watch: DamageWatch, kind: BlobKind, reading: Promise<T>): Promise<T> {
  try {
    return await reading;
  } catch (error) {
    if (isDamage(error)) await note(watch, kind, error).catch(() => {});
    throw error;
  }
}

async function note(
  { backend, hash, onDamage }: DamageWatch,
  kind: BlobKind,
  error: DatadbError,
): Promise<void> {
  const { name, base } = error.fields;
  const bad = typeof name === "string" ? parseHex(name, hashLength(hash)) : undefined;
  // A blob that only lacks its base is not damaged itself, but nobody can read it either.
  if (bad !== undefined && backend.capabilities.writable) await backend.distrustMany(kind, [bad]);
  if (bad !== undefined || base !== undefined) await onDamage();
}
