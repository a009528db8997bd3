/** Leases as they are kept in local/. */

import { type HashAlgorithm, hashLength, kindOfByte } from "@datadb/protocol";
import type { BlobKind } from "../database.ts";
import { readPages } from "../keyspace/committed-view.ts";
import { guardLevel, type Level } from "../keyspace/open-level.ts";
import { prefixEnd } from "../keyspace/raw-key.ts";
import { counterOf, LEASE_PREFIX, leaseIdOf, leaseKey, leaseNamesPrefix } from "./lease-key.ts";
import { decodeLease, type LeaseValue } from "./lease-value.ts";

/** Null when there is none, or it is over. */
export async function readLease(local: Level, id: Buffer, now: number): Promise<LeaseValue | null> {
  const bytes = await guardLevel(local, local.get(leaseKey(id)));
  const value = bytes === undefined ? null : decodeLease(bytes);
  return value !== null && value.expires > now ? value : null;
}

/** The number of the next batch of names. */
export async function nextCounter(local: Level, id: Buffer): Promise<number> {
  const prefix = leaseNamesPrefix(id);
  for await (const key of local.keys({ gte: prefix, lt: prefixEnd(prefix), reverse: true, limit: 1 }))
    return counterOf(key) + 1;
  return 0;
}

/** All of them, those that are over included. */
export async function* storedLeases(local: Level): AsyncGenerator<{ id: Buffer; value: LeaseValue }> {
  for await (const page of readPages(local, { gte: LEASE_PREFIX, lt: prefixEnd(LEASE_PREFIX) })) {
    for (const [key, bytes] of page) {
      const id = leaseIdOf(key);
      if (id !== undefined) yield { id: Buffer.from(id), value: decodeLease(bytes) };
    }
  }
}

/** The lease and the names that it protects. */
export async function removeLease(local: Level, id: Buffer): Promise<void> {
  await guardLevel(local, local.del(leaseKey(id)));
  await guardLevel(local, local.clear({ gte: leaseNamesPrefix(id), lt: prefixEnd(leaseNamesPrefix(id)) }));
}

/** The blobs that a lease protects, a batch at a time. */
export async function* protectedNames(
  local: Level,
  hash: HashAlgorithm,
  id: Buffer,
): AsyncGenerator<{ kind: BlobKind; name: Buffer }[]> {
  const prefix = leaseNamesPrefix(id);
  const width = hashLength(hash) + 1;
  for await (const page of readPages(local, { gte: prefix, lt: prefixEnd(prefix) })) {
    for (const [, value] of page) {
      const names: { kind: BlobKind; name: Buffer }[] = [];
      for (let at = 0; at + width <= value.length; at += width) {
        names.push({
          kind: kindOfByte(value[at] as number) as BlobKind,
          name: value.subarray(at + 1, at + width),
        });
      }
      yield names;
    }
  }
}
