/** The blob store: content by name, over whatever backend the configuration composes. */
import type { Backend } from "@datadb/backends";
import type { HashAlgorithm } from "@datadb/protocol";
import type { Wholeness } from "../check/wholeness.ts";
import type { BlobKind, BlobStore } from "../database.ts";
import type { Encoder } from "../encoder/encoder.ts";
import { createProtection, type Protection } from "../gc/protection.ts";
import type { BlobState } from "./blob-state.ts";
import { createByteGate } from "./byte-gate.ts";
import { claimBlobs } from "./claim-blobs.ts";
import { type ContentCache, createContentCache } from "./content-cache.ts";
import { flushBlobs } from "./flush-blobs.ts";
import { hasBlobs } from "./has-blobs.ts";
import { createInFlight } from "./in-flight.ts";
import type { NameIndex } from "./name-index.ts";
import { noteDamage } from "./note-damage.ts";
import { putContent } from "./put-content.ts";
import { putRecords } from "./put-records.ts";
import { readContents, readRecords } from "./read-contents.ts";

/** Bytes of blobs between a put's begin and its acceptance: memory that a slow disk may cost. */
const IN_FLIGHT_BYTES: number = 64 * 1024 * 1024;

/** Waits for puts of these names that are on their way, whatever their end: their records are there afterwards, or not. */
async function settle(state: BlobState, kind: BlobKind, names: readonly Buffer[]): Promise<void> {
  for (const name of names) await state.inFlight.end(kind, name)?.catch(() => undefined);
}

/** The blob store, and what garbage collection needs of it. */
export interface OpenBlobStore extends BlobStore {
  readonly protection: Protection;
  readonly nodes: ContentCache;
}

/** Who is told of damage and asked about it, and whether there is room. */
interface BlobStoreOptions extends Pick<Wholeness, "whole" | "doubt"> {
  room?: BlobState["room"];
}

/** A blob store over `backend`, and what else commits need of it. */
export function createBlobStore(
  backend: Backend,
  hash: HashAlgorithm,
  encoder: Encoder,
  index: NameIndex,
  { whole, doubt, room = () => undefined }: BlobStoreOptions,
): OpenBlobStore {
  const protection = createProtection();
  const watch = { backend, hash, onDamage: doubt };
  const state: BlobState = {
    backend,
    hash,
    encoder,
    whole,
    inFlight: createInFlight(),
    gate: createByteGate(IN_FLIGHT_BYTES),
    nodes: createContentCache(),
    protection,
    room,
    hashing: new Set(),
    unflushed: [],
    lost: 0,
  };
  return {
    hash,
    protection,
    nodes: state.nodes,
    hasMany: (kind, names, lease) => hasBlobs(state, kind, names, lease),
    putContent: (kind, content, options = {}) => putContent(state, kind, content, options),
    putEncoded: (records, lease) => putRecords(state, records, lease),
    async getRecords(kind, names) {
      await settle(state, kind, names);
      return noteDamage(watch, kind, readRecords(backend, kind, names));
    },
    async withPlaces(kind, names, use) {
      await settle(state, kind, names);
      return await (backend.withPlaces?.(kind, names, use) ?? use(names.map(() => null)));
    },
    async getContent(kind, name) {
      await settle(state, kind, [name]);
      return (await noteDamage(watch, kind, readContents(state, kind, [name])))[0] ?? null;
    },
    async getContents(kind, names) {
      await settle(state, kind, names);
      return noteDamage(watch, kind, readContents(state, kind, names));
    },
    async sizeMany(kind, names) {
      await settle(state, kind, names);
      return (await backend.statMany(kind, names)).map((info) => info?.length ?? null);
    },
    async *names(kind, from) {
      for await (const page of index.records(kind, from)) yield page.map(({ name }) => name);
    },
    async totals() {
      let [blobs, bytes] = [0, 0];
      for (const kind of ["data", "node"] as const) {
        for await (const page of index.records(kind)) {
          blobs += page.length;
          for (const { length } of page) bytes += length;
        }
      }
      return { blobs, bytes };
    },
    claim: (references) => claimBlobs(state, references),
    flush: () => flushBlobs(state),
  };
}
