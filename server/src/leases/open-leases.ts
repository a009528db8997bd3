/** Leases: durable in local/, so that they outlive sessions and processes. */
import { type HashAlgorithm, NotFoundError } from "@datadb/protocol";
import type { Lease, LeaseFacts, Leases } from "../database.ts";
import { guardLevel, type Level } from "../keyspace/open-level.ts";
import { createEndedLeases } from "./ended-leases.ts";
import { leaseKey, newLeaseId } from "./lease-key.ts";
import { createLeaseNames, type LeaseNames } from "./lease-names.ts";
import { encodeLease, type LeaseValue } from "./lease-value.ts";
import { nextCounter, protectedNames, readLease, removeLease, storedLeases } from "./stored-leases.ts";

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
  /** Its session is gone; it may come back. */
  left: boolean;
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
    left: false,
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

function factsOf(id: Buffer, { created, expires, parent, sequence }: LeaseValue): LeaseFacts {
  return { id, created, expires, sequence, parent: parent === null ? null : Buffer.from(parent, "hex") };
}

/** The leases of a store; those that are over are forgotten. `close` makes durable what was noted. */
export async function openLeases(context: LeaseContext): Promise<Leases & { close(): Promise<void> }> {
  const { local, hash, now } = context;
  const held = new Map<string, Held>();
  const ended = createEndedLeases(local);
  const removeOver = async (isOver: (id: Buffer, value: LeaseValue) => boolean): Promise<void> => {
    for await (const { id, value } of storedLeases(local))
      if (isOver(id, value)) await removeLease(local, id);
  };
  // What it noted is on its way to local/: it must not arrive behind the removal, or behind the end of the store.
  const dropHeld = async (id: Buffer): Promise<void> => {
    const key = id.toString("latin1");
    const names = held.get(key)?.names;
    held.delete(key);
    await names?.drop();
  };
  await removeOver((_, { expires }) => expires <= now());

  return {
    async take({ id, seconds = DEFAULT_SECONDS, parent } = {}) {
      const leaseId = id ?? newLeaseId();
      const key = leaseId.toString("latin1");
      const before = id === undefined || ended.has(id) ? null : await readLease(local, id, now());
      if (id !== undefined && before === null) {
        throw new NotFoundError(`there is no lease ${id.toString("hex")}, or it is over`, {
          next: "take a new lease; what it protected is sent again when it is gone",
        });
      }
      const value: LeaseValue = {
        created: before?.created ?? now(),
        expires: now() + seconds * 1000,
        parent: parent?.toString("hex") ?? before?.parent ?? null,
        sequence: before?.sequence ?? context.sequence(),
      };
      const lease =
        held.get(key) ?? hold(context, Buffer.from(leaseId), value, await nextCounter(local, leaseId));
      lease.value = value;
      lease.left = false;
      lease.milliseconds = seconds * 1000;
      held.set(key, lease);
      await guardLevel(local, local.put(leaseKey(leaseId), encodeLease(value), { sync: true }));
      return lease;
    },
    async release(id) {
      ended.add(id);
      await dropHeld(id);
      await ended.remove();
    },
    leave(id) {
      const lease = held.get(id.toString("latin1"));
      if (lease !== undefined) lease.left = true;
    },
    async prune({ left = false } = {}) {
      // Those that cannot be removed protect nothing any more all the same.
      await ended.remove().catch(() => undefined);
      if (left) for (const { id, left: isLeft } of held.values()) if (isLeft) await dropHeld(id);
      await removeOver((id, { expires }) => expires <= now() || (left && !held.has(id.toString("latin1"))));
    },
    async *list() {
      for (const { names } of held.values()) await names.flush();
      for await (const { id, value } of storedLeases(local)) {
        if (value.expires > now() && !ended.has(id)) yield factsOf(id, value);
      }
    },
    async *protectedBy(id) {
      await held.get(id.toString("latin1"))?.flush();
      yield* protectedNames(local, hash, id);
    },
    async close() {
      await ended.remove().catch(() => undefined);
      for (const { names } of held.values()) await names.flush();
      held.clear();
    },
  };
}
