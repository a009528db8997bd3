/** Keys of leases in local/. */
import { randomBytes } from "node:crypto";

/** First bytes of all keys of leases. Permanent. */
export const LEASE_PREFIX: Buffer = Buffer.from("l/");
const LEASE_ID_BYTES = 16;

const SLASH = Buffer.from("/");
const COUNTER_BYTES = 4;

export function newLeaseId(): Buffer {
  return randomBytes(LEASE_ID_BYTES);
}

/** Key of the lease itself. */
export function leaseKey(id: Buffer): Buffer {
  return Buffer.concat([LEASE_PREFIX, id]);
}

/** What the keys of its names begin with. */
export function leaseNamesPrefix(id: Buffer): Buffer {
  return Buffer.concat([LEASE_PREFIX, id, SLASH]);
}

/** Key of the batch of names with this number. */
export function leaseNamesKey(id: Buffer, counter: number): Buffer {
  const number = Buffer.allocUnsafe(COUNTER_BYTES);
  number.writeUInt32BE(counter);
  return Buffer.concat([leaseNamesPrefix(id), number]);
}

/** The number of a batch of names. */
export function counterOf(key: Buffer): number {
  return key.readUInt32BE(key.length - COUNTER_BYTES);
}

/** The lease's id in a key of a lease itself, undefined for a key of names. */
export function leaseIdOf(key: Buffer): Buffer | undefined {
  return key.length === LEASE_PREFIX.length + LEASE_ID_BYTES ? key.subarray(LEASE_PREFIX.length) : undefined;
}
