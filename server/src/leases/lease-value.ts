/** What is kept of a lease: JSON. */
import { DecodeError } from "@datadb/protocol";

export interface LeaseValue {
  /** Milliseconds since 1970. */
  created: number;
  expires: number;
  /** Hex id of the backup that the holder builds on, or null. */
  parent: string | null;
  /** The log's sequence number when the lease began. */
  sequence: number;
}

export function encodeLease(value: LeaseValue): Buffer {
  return Buffer.from(JSON.stringify(value));
}

/** Throws DECODE. */
export function decodeLease(bytes: Buffer): LeaseValue {
  let value: Partial<LeaseValue> | null;
  try {
    value = JSON.parse(bytes.toString()) as Partial<LeaseValue> | null;
  } catch (cause) {
    throw new DecodeError("a lease is no JSON", { cause });
  }
  const { created, expires, parent, sequence } = value ?? {};
  if (typeof created !== "number" || typeof expires !== "number" || typeof sequence !== "number")
    throw new DecodeError("a lease lacks its times");
  return { created, expires, sequence, parent: typeof parent === "string" ? parent : null };
}
