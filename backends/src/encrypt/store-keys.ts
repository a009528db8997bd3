/** Who may open a sealed place, and with which keys it seals: what `datadb key` works on. */
import { UsageError } from "@datadb/protocol";
import type { Backend } from "../backend.ts";
import { writeKeyRecord } from "./key-place.ts";
import { encodeKeyRecord, type KeyRecord, type Slot, sealKeyRecord } from "./key-record.ts";
import { type KeyRing, newestKey, withNewDataKey } from "./key-ring.ts";
import { makeSlot, openSlots, PASSPHRASE_COST, type Secret } from "./key-slots.ts";
import type { OpenKeys } from "./open-keys.ts";
import { type ResealOptions, type ResealSummary, reseal } from "./reseal.ts";
import type { PassphraseCost } from "./secretbox.ts";
import type { Vault } from "./vault.ts";

/** A key or passphrase that opens the place. */
export interface KeySlot {
  /** Hex. */
  readonly id: string;
  readonly type: "key" | "passphrase";
  /** Milliseconds since 1970. */
  readonly created: number;
  readonly label: string;
  /** It is the one that the place was opened with. */
  readonly current: boolean;
}

/** The keys of one sealed place. Changes are durable when they resolve. */
export interface StoreKeys {
  /** Of the backend. */
  readonly description: string;
  slots(): KeySlot[];
  /** The data keys: the last one seals what is new. */
  epochs(): { epoch: number; created: number }[];
  /** Lets another key or passphrase open the place. Throws USAGE when it does already. */
  add(secret: Secret, label: string, cost?: PassphraseCost): Promise<KeySlot>;
  /** Takes one away; `id` may be the beginning of one. Throws USAGE for an unknown one, the last one, and the one in use. */
  remove(id: string): Promise<KeySlot>;
  /** A new data key for everything that is sealed from now on; resolves with its epoch. */
  rotate(): Promise<number>;
  /** Seals data and nodes anew that are sealed with older data keys. May be cut short at any point, and goes on from there. */
  reseal(options: ResealOptions): Promise<ResealSummary>;
  /** The key record, as it is stored: it opens with the same keys and passphrases. */
  export(): Buffer;
}

function slotsOf({ record, ring, slot: used }: OpenKeys): KeySlot[] {
  return record.slots.map(({ id, passphrase }) => {
    const facts = ring.slots.find((one) => one.id.equals(id));
    return {
      id: id.toString("hex"),
      type: passphrase === undefined ? "key" : "passphrase",
      created: facts?.created ?? 0,
      label: facts?.label ?? "",
      current: used.id.equals(id),
    };
  });
}

/** Writes other slots and another ring, and uses them from then on. */
async function change(vault: Vault, slots: readonly Slot[], ring: KeyRing): Promise<void> {
  const { secretbox, inner, hash, keys } = vault;
  const front = { change: keys.record.change + 1, slots };
  const record: KeyRecord = sealKeyRecord(secretbox, keys.master, front, ring);
  await writeKeyRecord({ inner, hash }, record);
  vault.keys = { ...keys, record, ring };
  await vault.index.write([vault.notes.changeEntry(record.change)], []);
}

async function add(vault: Vault, secret: Secret, label: string, cost: PassphraseCost): Promise<KeySlot> {
  const { record, ring, master } = vault.keys;
  if ((await openSlots(vault.secretbox, record.slots, secret)) !== null)
    throw new UsageError("this key or passphrase opens the place already", "see datadb key list");
  const slot = await makeSlot(vault.secretbox, master, secret, cost);
  const facts = { id: slot.id, created: Date.now(), label };
  await change(vault, [...record.slots, slot], { ...ring, slots: [...ring.slots, facts] });
  return slotsOf(vault.keys).at(-1)!;
}

async function remove(vault: Vault, id: string): Promise<KeySlot> {
  const { record, ring } = vault.keys;
  const found = slotsOf(vault.keys).filter((slot) => id !== "" && slot.id.startsWith(id.toLowerCase()));
  const [slot] = found;
  if (slot === undefined || found.length > 1)
    throw new UsageError(
      slot === undefined ? `no key or passphrase has the id ${id}` : `${id} is the beginning of several ids`,
      "give the id of one: see datadb key list",
    );
  if (record.slots.length === 1)
    throw new UsageError(
      `${slot.id} is the last key: without it nothing could be read any more`,
      "add another one with datadb key add before",
    );
  if (slot.current)
    throw new UsageError(
      `${slot.id} is the ${slot.type} that the configuration names`,
      "name another one in config.yaml before",
    );
  const others = record.slots.filter((one) => one.id.toString("hex") !== slot.id);
  const facts = ring.slots.filter((one) => one.id.toString("hex") !== slot.id);
  await change(vault, others, { ...ring, slots: facts });
  return slot;
}

async function rotate(vault: Vault): Promise<number> {
  const ring = withNewDataKey(vault.keys.ring, Date.now());
  await change(vault, vault.keys.record.slots, ring);
  return newestKey(ring).epoch;
}

const KEYS = new WeakMap<Backend, StoreKeys>();

/** Remembers the keys of an open sealed backend. `enter` is awaited before each use. */
export function registerKeys(backend: Backend, vault: Vault, enter: () => Promise<void>): void {
  // One after the other: each change is of what the one before left.
  let last: Promise<unknown> = Promise.resolve();
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const turn = last.then(() => enter()).then(work);
    last = turn.catch(() => {});
    return turn;
  };
  KEYS.set(backend, {
    description: vault.description,
    slots: () => slotsOf(vault.keys),
    epochs: () => vault.keys.ring.dataKeys.map(({ epoch, created }) => ({ epoch, created })),
    add: (secret, label, cost = PASSPHRASE_COST) => inTurn(() => add(vault, secret, label, cost)),
    remove: (id) => inTurn(() => remove(vault, id)),
    rotate: () => inTurn(() => rotate(vault)),
    reseal: (options) => inTurn(() => reseal(vault, backend, options)),
    export: () => encodeKeyRecord(vault.keys.record),
  });
}

/** The keys of every sealed place in a composition of backends, outermost first. */
export function storeKeysOf(backend: Backend): StoreKeys[] {
  const own = KEYS.get(backend);
  return [...(own === undefined ? [] : [own]), ...backend.inner.flatMap(storeKeysOf)];
}
