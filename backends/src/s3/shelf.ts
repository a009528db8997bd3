/** The state of one kind within an s3 backend: its packs in the bucket, and what was accepted but is not there or not indexed yet. */
import type { BlobRecord, HashAlgorithm, RecordKind } from "@datadb/protocol";
import { entriesByName, type IndexedEntry } from "../blobsfile/indexed-shelf.ts";
import type { NameMap } from "../name-map.ts";
import type { RecordIndex } from "../record-index.ts";
import type { ListedObject } from "./list-objects.ts";
import type { PackCache } from "./pack-cache.ts";
import type { ServiceTraits } from "./put-object.ts";
import type { Part } from "./read-pack.ts";
import type { RecentReads } from "./recent-reads.ts";
import type { S3Connection } from "./s3-connection.ts";

/** What the three kinds share. */
export interface Bucket {
  readonly connection: S3Connection;
  readonly description: string;
  /** The same, for messages of what works on any index. */
  readonly directory: string;
  readonly storeId: Buffer;
  readonly hash: HashAlgorithm;
  readonly nameLength: number;
  readonly index: RecordIndex;
  readonly readOnly: boolean;
  readonly traits: ServiceTraits;
  readonly counts: Counts;
  readonly recent: RecentReads;
  readonly cache: PackCache;
  /** Parts of packs that are on their way, by the pack's name. */
  readonly fetching: Map<string, Set<Part>>;
  /** What reading parts of packs has cost so far, by the pack's name: see readingExtent. */
  readonly spent: Map<string, number>;
  /** The last listing, `at` that time (performance.now), when so many bytes had been sent. */
  listing: { objects: readonly ListedObject[]; changes: number; at: number } | null;
  /** The index says durably that this process may have written objects that it does not know. */
  dirty: boolean;
  /** Settles when it does. */
  soiling: Promise<void> | null;
  warn(message: string): void;
  recovered(kind: RecordKind, names: readonly Buffer[]): Promise<void> | void;
}

interface Counts {
  uploaded: number;
  uploadedBytes: number;
  downloaded: number;
  downloadedBytes: number;
  lost: number;
  damaged: number;
}

/** One record on its way from putMany to the index. */
export interface Entry extends IndexedEntry {
  readonly value: Buffer;
  readonly record: Omit<BlobRecord, "payload"> & { payloadLength: number };
  /** The record as it will lie in the pack; null once the pack is in the bucket. */
  bytes: Buffer | null;
}

/** A pack that is being filled or uploaded. */
export interface Draft {
  /** The number by which the index knows it. */
  readonly number: number;
  readonly name: string;
  /** Pieces in order, the header first. */
  pieces: Buffer[];
  /** Bytes of header and records. */
  length: number;
  entries: Entry[];
  /** Settles, without an error, when the pack is in the bucket or failed; null while nothing is sent. */
  upload: Promise<void> | null;
  /** Bytes of the object; 0 before it is there. */
  size: number;
  failure: Error | null;
}

/** A pack in the bucket that the index knows. */
export interface Pack {
  readonly number: number;
  readonly name: string;
  /** Bytes of the object. */
  readonly size: number;
}

/** One kind. */
export interface Shelf {
  readonly kind: RecordKind;
  readonly place: Bucket;
  /** By number. */
  readonly packs: Map<number, Pack>;
  /** Packs that the index knows and that are not there any more, by number; the values are all 0. */
  readonly lostFrom: Map<number, number>;
  readonly pending: NameMap<Entry>;
  readonly moving: NameMap<Entry>;
  readonly changing: Set<string>;
  /** How many drafts were given up: what was copied into them is not there. */
  abandoned: number;
  /** The draft that takes the next record. */
  current: Draft | null;
  /** Full drafts, and those that a flush closed, until the index knows them; in order. */
  sealed: Draft[];
  /** Records accepted and not in the index. */
  accepted: number;
  nextNumber: number;
  /** Of the next object's name. */
  nextSequence: number;
  flushing: Promise<void> | null;
  /** Of an upload in the background: told to the next put or flush. */
  failure: Error | null;
}

/** A shelf with nothing on it yet. */
export function createShelf(kind: RecordKind, place: Bucket): Shelf {
  return {
    kind,
    place,
    packs: new Map(),
    lostFrom: new Map(),
    pending: entriesByName(),
    moving: entriesByName(),
    changing: new Set(),
    abandoned: 0,
    current: null,
    sealed: [],
    accepted: 0,
    nextNumber: 1,
    nextSequence: 1,
    flushing: null,
    failure: null,
  };
}

/** The full name of a pack's object. */
export function keyOf({ connection }: Bucket, name: string): string {
  return connection.options.prefix + name;
}

/** The name of the draft or pack with this number. */
export function packNameOf(shelf: Shelf, number: number): string | undefined {
  const draft =
    shelf.current?.number === number ? shelf.current : shelf.sealed.find((one) => one.number === number);
  return (shelf.packs.get(number) ?? draft)?.name;
}
