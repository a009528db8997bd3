/** Leases: durable in local/, so that they outlive sessions and processes. */
import { type HashAlgorithm, hashLength, kindOfByte, NotFoundError } from "@datadb/protocol";
import type { BlobKind, Lease, Leases } from "../database.ts";
import { readPages } from "../keyspace/committed-view.ts";
import { guardLevel, type Level } from "../keyspace/open-level.ts";
import { prefixEnd } from "../keyspace/raw-key.ts";
import { counterOf, LEASE_PREFIX, leaseIdOf, leaseKey, leaseNamesPrefix, newLeaseId } from "./lease-key.ts";
import { createLeaseNames, type LeaseNames } from "./lease-names.ts";
import { decodeLease, encodeLease, type LeaseValue } from "./lease-value.ts";

const DEFAULT_SECONDS: number = 24 * 60 * 60;

/** What leases need of the store. */
export interface LeaseContext {
  readonly local: Level;
  readonly hash: HashAlgorithm;
  now(): number;
  /** The log's sequence number. */
  sequence(): number;
  warn(message: string): void;
}

interface Held extends Lease {
  value: LeaseValue;
  /** For how long it is renewed while it is used. */
  milliseconds: number;
  names: LeaseNames;
}

async function readLease(local: Level, id: Buffer, now: number): Promise<LeaseValue | null> {
  const bytes = await guardLevel(local, local.get(leaseKey(id)));
  const value = bytes === undefined ? null : decodeLease(bytes);
  return value !== null && value.expires > now ? value : null;
}

async function nextCounter(local: Level, id: Buffer): Promise<number> {
  const prefix = leaseNamesPrefix(id);
  for await (const key of local.keys({ gte: prefix, lt: prefixEnd(prefix), reverse: true, limit: 1 }))
    return counterOf(key) + 1;
  return 0;
}

function hold(context: LeaseContext, id: Buffer, value: LeaseValue, counter: number): Held {
  const { local, now, warn } = context;
  const names = createLeaseNames(local, id, counter, warn);
  /** A holder that is at work does not lose its lease by working long. */
  const renew = (held: Held): void => {
    if (held.value.expires - now() > held.milliseconds / 2) return;
    held.value = { ...held.value, expires: now() + held.milliseconds };
    names.write(leaseKey(id), encodeLease(held.value));
  };
  return {
    id,
    value,
    milliseconds: value.expires - now(),
    names,
    get expires() {
      return this.value.expires;
    },
    note(kind, noted) {
      renew(this);
      names.note(kind, noted);
    },
    flush: () => names.flush(),
  };
}

async function* storedLeases(local: Level): AsyncGenerator<{ id: Buffer; value: LeaseValue }> {
  for await (const page of readPages(local, { gte: LEASE_PREFIX, lt: prefixEnd(LEASE_PREFIX) })) {
    for (const [key, bytes] of page) {
      const id = leaseIdOf(key);
      if (id !== undefined) yield { id: Buffer.from(id), value: decodeLease(bytes) };
    }
  }
}

async function remove(local: Level, id: Buffer): Promise<void> {
  await guardLevel(local, local.del(leaseKey(id)));
  await guardLevel(local, local.clear({ gte: leaseNamesPrefix(id), lt: prefixEnd(leaseNamesPrefix(id)) }));
}

/** The leases of a store; those that are over are forgotten. `close` makes durable what was noted. */
export async function openLeases(context: LeaseContext): Promise<Leases & { close(): Promise<void> }> {
  const { local, hash, now } = context;
  const held = new Map<string, Held>();
  for await (const { id, value } of storedLeases(local)) if (value.expires <= now()) await remove(local, id);

  return {
    async take({ id, seconds = DEFAULT_SECONDS, parent } = {}) {
      const leaseId = id ?? newLeaseId();
      const before = id === undefined ? null : await readLease(local, id, now());
      if (id !== undefined && before === null) {
        throw new NotFoundError(`there is no lease ${id.toString("hex")}, or it is over`, {
          next: "take a new lease; what it protected is sent again when it is gone",
        });
      }
      const key = leaseId.toString("latin1");
      const value: LeaseValue = {
        created: before?.created ?? now(),
        expires: now() + seconds * 1000,
        parent: parent?.toString("hex") ?? before?.parent ?? null,
        sequence: before?.sequence ?? context.sequence(),
      };
      const lease =
        held.get(key) ?? hold(context, Buffer.from(leaseId), value, await nextCounter(local, leaseId));
      lease.value = value;
      lease.milliseconds = seconds * 1000;
      held.set(key, lease);
      await guardLevel(local, local.put(leaseKey(leaseId), encodeLease(value), { sync: true }));
      return lease;
    },
    async release(id) {
      const key = id.toString("latin1");
      // What it noted is on its way to local/: it must not arrive behind the removal, or behind the end of the store.
      await held.get(key)?.flush();
      held.delete(key);
      await remove(local, id);
    },
    async prune() {
      for await (const { id, value } of storedLeases(local))
        if (value.expires <= now()) await remove(local, id);
    },
    async *list() {
      for (const { names } of held.values()) await names.flush();
      for await (const { id, value } of storedLeases(local)) {
        const { created, expires, parent, sequence } = value;
        if (expires > now())
          yield {
            id,
            created,
            expires,
            sequence,
            parent: parent === null ? null : Buffer.from(parent, "hex"),
          };
      }
    },
    async *protectedBy(id) {
      await held.get(id.toString("latin1"))?.flush();
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
    },
    async close() {
      for (const { names } of held.values()) await names.flush();
      held.clear();
    },
  };
}
