/** The state of one kind within a blobsfile backend: its packs, and what was accepted but is not yet durable and indexed. */
import type { BlobRecord, HashAlgorithm, RecordKind } from "@datadb/protocol";
import type { FileHandle, FileSystem } from "../file-system.ts";
import type { NameMap } from "../name-map.ts";
import type { RecordIndex } from "../record-index.ts";
import { createIndexChanges, type IndexChanges } from "./index-changes.ts";
import { entriesByName } from "./indexed-shelf.ts";
import type { ReadHandles } from "./read-handles.ts";

/** What the three kinds share. */
export interface Place {
  readonly fs: FileSystem;
  /** Absolute path of the directory of packs. */
  readonly directory: string;
  readonly description: string;
  readonly storeId: Buffer;
  readonly hash: HashAlgorithm;
  /** Length of a name. */
  readonly nameLength: number;
  readonly maxPackBytes: number;
  readonly index: RecordIndex;
  readonly handles: ReadHandles;
  readonly readOnly: boolean;
  readonly counts: Counts;
  warn(message: string): void;
  recovered(kind: RecordKind, names: readonly Buffer[]): Promise<void> | void;
}

/** Running totals since open. */
interface Counts {
  uploaded: number;
  uploadedBytes: number;
  downloaded: number;
  downloadedBytes: number;
  /** Accepted records that a failed sync made the backend forget. */
  lost: number;
  /** Damaged ranges that opening met, headers included. */
  damaged: number;
  /** Descriptors open for writing. */
  writing: number;
}

/** A pack that this process appends to or appended to. */
export interface OpenPack {
  readonly number: number;
  readonly path: string;
  /** Opened at the first append. */
  file: FileHandle | null;
  /** Header and whole accepted records. */
  length: number;
  /** The part of `length` that is durable and indexed. */
  indexed: number;
  /** A flush is syncing it. */
  syncing: boolean;
  /** A sync failed: what lies beyond `indexed` is lost, and nothing is appended any more. */
  failure: Error | null;
}

/** One record on its way from putMany to the index. */
export interface Entry {
  /** The index key. */
  readonly key: Buffer;
  /** The payload is let go as soon as it is written. */
  record: BlobRecord | null;
  /** The index value; null until the record is in the pack, and so visible. */
  value: Buffer | null;
  pack: OpenPack | null;
  /** Where the record ends in its pack. */
  end: number;
  /** Removed before a flush: not to be indexed. */
  removed: boolean;
  /** Found to be damaged before a flush that is to point to its copy: not to be trusted there either. */
  distrusted: boolean;
  /** A copy of a record that the index has already: it is to point here. Such entries are never in `pending`. */
  readonly moved: boolean;
  /** An earlier copy of the same record that was not in the index yet either. */
  readonly before?: Entry | undefined;
  /** Its number among all that the shelf accepted, from 1; 0 before. */
  serial: number;
  /** Settles with the batch that carries it. */
  readonly done: Promise<void>;
}

/** A unit of the append queue; jobs run one at a time, in order. */
export type Job =
  | { entries: Entry[]; bytes: number; settle(error: Error | null): void }
  | { run(): Promise<void> };

/** One kind. */
export interface Shelf {
  readonly kind: RecordKind;
  readonly place: Place;
  /** The number of every pack file. */
  readonly packs: Set<number>;
  /** The pack that takes the next record; null before the first one or after a failure. */
  current: OpenPack | null;
  nextNumber: number;
  /** Packs whose records from this offset on are gone although the index knows them: not there, and so put anew. */
  readonly lostFrom: Map<number, number>;
  /** Packs that were cut by this process, or are about to be: behind these offsets the index needs nothing. */
  readonly cutAt: Map<number, number>;
  /** Accepted records and those being written. */
  readonly pending: NameMap<Entry>;
  /** Records that are being moved into another pack, until the index says so. */
  readonly moving: NameMap<Entry>;
  /** Names whose entries are being changed or removed, as Latin-1 text: see changeEntries. */
  readonly changing: Set<string>;
  /** Which names get another value in the index, or none, but for those that compaction moves. */
  readonly changes: IndexChanges;
  /** How many packs were given up after a failed sync: what was copied into them is not there. */
  abandoned: number;
  /** Accepted, in order of acceptance, not yet taken by a flush. */
  accepted: Entry[];
  /** How many records were ever accepted: the serial of the latest. */
  serials: number;
  /** Packs with bytes that no sync covered. */
  readonly dirty: Set<OpenPack>;
  /** Files were created since the directory was synced. */
  created: boolean;
  readonly jobs: Job[];
  /** Reused by the appends, which run one at a time. */
  scratch: Buffer;
  working: boolean;
  flushing: Promise<void> | null;
  nextFlush: Promise<void> | null;
  /** The highest serial that those who wait for the next flush ask for. */
  nextSerial: number;
}

/** A shelf with nothing on it yet. */
export function createShelf(kind: RecordKind, place: Place): Shelf {
  return {
    kind,
    place,
    packs: new Set(),
    current: null,
    nextNumber: 1,
    lostFrom: new Map(),
    cutAt: new Map(),
    pending: entriesByName(),
    moving: entriesByName(),
    changing: new Set(),
    changes: createIndexChanges(),
    abandoned: 0,
    accepted: [],
    serials: 0,
    dirty: new Set(),
    created: false,
    jobs: [],
    scratch: Buffer.alloc(0),
    working: false,
    flushing: null,
    nextFlush: null,
    nextSerial: 0,
  };
}
