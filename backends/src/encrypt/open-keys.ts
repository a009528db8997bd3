/** Opens the keys of a place with a key or passphrase; a place without anything in it gets its first ones. */
import { randomBytes } from "node:crypto";
import {
  DamagedError,
  type HashAlgorithm,
  RECORD_KINDS,
  ReadOnlyError,
  WrongKeyError,
} from "@datadb/protocol";
import type { Backend } from "../backend.ts";
import { readKeyRecord, writeKeyRecord } from "./key-place.ts";
import { decodeKeyRecord, type KeyRecord, openKeyRecord, type Slot, sealKeyRecord } from "./key-record.ts";
import { createKeyRing, type KeyRing } from "./key-ring.ts";
import { makeSlot, openSlots, type Secret } from "./key-slots.ts";
import { KEY_BYTES, type Secretbox } from "./secretbox.ts";

/** The keys of an open place. Replaced as a whole by what changes them. */
export interface OpenKeys {
  readonly master: Buffer;
  readonly record: KeyRecord;
  readonly ring: KeyRing;
  /** The slot that opened it. */
  readonly slot: Slot;
}

/** What opening works on. */
export interface KeyScene {
  readonly inner: Backend;
  readonly hash: HashAlgorithm;
  readonly secretbox: Secretbox;
  readonly description: string;
  readonly readOnly: boolean;
  /** A key record to be taken where the place has lost its own. */
  readonly spare: Buffer | undefined;
  warn(message: string): void;
}

async function unlock(
  { secretbox, description }: KeyScene,
  record: KeyRecord,
  secret: Secret,
): Promise<OpenKeys> {
  const opened = await openSlots(secretbox, record.slots, secret);
  if (opened !== null) return { ...opened, record, ring: openKeyRecord(secretbox, opened.master, record) };
  const what = "key" in secret ? "key" : "passphrase";
  throw new WrongKeyError(
    `${description} does not open with the ${what} that the configuration names: it is none of the ${record.slots.length} that were added`,
  );
}

async function create(scene: KeyScene, secret: Secret): Promise<OpenKeys> {
  const { inner, hash, secretbox, description } = scene;
  if (scene.readOnly) throw new ReadOnlyError(`${description} has no keys yet, and is opened read-only`);
  const now = Date.now();
  const master = randomBytes(KEY_BYTES);
  const slot = await makeSlot(secretbox, master, secret);
  const ring = { ...createKeyRing(now), slots: [{ id: slot.id, created: now, label: "" }] };
  const record = sealKeyRecord(secretbox, master, { change: 1, slots: [slot] }, ring);
  await writeKeyRecord({ inner, hash }, record);
  return { master, record, ring, slot };
}

async function isEmpty(inner: Backend): Promise<boolean> {
  for (const kind of RECORD_KINDS) {
    for await (const { records, damaged } of inner.list(kind))
      if (records.length + damaged.length > 0) return false;
  }
  return true;
}

async function takeSpare(scene: KeyScene, spare: Buffer, secret: Secret): Promise<OpenKeys> {
  const keys = await unlock(scene, decodeKeyRecord(spare), secret);
  await writeKeyRecord(scene, keys.record);
  return keys;
}

/**
 * Resolves with the keys, made when nothing is stored yet. `hint`: the last change that is known, 0 for none. Errors: WRONG_KEY, NOT_AUTHENTIC, DAMAGED
 * when there are records but no key record, READ_ONLY, and those of the wrapped backend.
 */
export async function openKeys(scene: KeyScene, secret: Secret, hint: number): Promise<OpenKeys> {
  const { inner, spare, description } = scene;
  const found = await readKeyRecord(scene, hint).catch((error: unknown) => {
    if (spare === undefined) throw error;
    return null;
  });
  if (found !== null) {
    const keys = await unlock(scene, found.record, secret);
    if (!found.incomplete || scene.readOnly) return keys;
    scene.warn(`${description}: one of the two copies of its key record was lost; it was written again`);
    await writeKeyRecord(scene, found.record);
    return keys;
  }
  if (spare !== undefined) return takeSpare(scene, spare, secret);
  if (await isEmpty(inner)) return create(scene, secret);
  throw new DamagedError(
    `${description} holds records, but no key record: they were never encrypted, or it was lost`,
    {
      next: "encrypt only what is empty; put a lost key record back with datadb key import FILE, from a file that datadb key export has made",
    },
  );
}
