/** Makes and opens slots: the master key, sealed with the secret of a key file or with a key made of a passphrase. */
import { randomBytes } from "node:crypto";
import type { Slot } from "./key-record.ts";
import { SLOT_ID_BYTES } from "./key-ring.ts";
import {
  KEY_BYTES,
  NONCE_BYTES,
  type PassphraseCost,
  SALT_BYTES,
  type Secretbox,
  TAG_BYTES,
} from "./secretbox.ts";

/** What opens a place: the secret of a key file, or a passphrase. */
export type Secret = { readonly key: Buffer } | { readonly passphrase: Buffer };

/** About 0.2 s of work on one core, and memory that a graphics card has for few guesses at a time. */
export const PASSPHRASE_COST: PassphraseCost = { passes: 3, memoryKiB: 64 * 1024 };

function sealingKey(
  secretbox: Secretbox,
  secret: Secret,
  slot: Slot["passphrase"],
): Promise<Buffer> | Buffer | null {
  if ("key" in secret) return slot === undefined ? secret.key : null;
  return slot === undefined ? null : secretbox.derive(secret.passphrase, slot.salt, slot.cost);
}

/** A slot through which `secret` opens `master`. */
export async function makeSlot(
  secretbox: Secretbox,
  master: Buffer,
  secret: Secret,
  cost: PassphraseCost = PASSPHRASE_COST,
): Promise<Slot> {
  const passphrase = "key" in secret ? undefined : { cost, salt: randomBytes(SALT_BYTES) };
  const key = await sealingKey(secretbox, secret, passphrase);
  const nonce = randomBytes(NONCE_BYTES);
  const box = Buffer.concat([Buffer.alloc(TAG_BYTES), master]);
  secretbox.seal(box, nonce, key!);
  return { id: randomBytes(SLOT_ID_BYTES), nonce, box, ...(passphrase && { passphrase }) };
}

/** The master key and the slot that gave it; null when `secret` opens none of them. */
export async function openSlots(
  secretbox: Secretbox,
  slots: readonly Slot[],
  secret: Secret,
): Promise<{ master: Buffer; slot: Slot } | null> {
  for (const slot of slots) {
    const key = await sealingKey(secretbox, secret, slot.passphrase);
    if (key === null) continue;
    const master = Buffer.alloc(KEY_BYTES);
    if (secretbox.open(master, slot.box, slot.nonce, key)) return { master, slot };
  }
  return null;
}
