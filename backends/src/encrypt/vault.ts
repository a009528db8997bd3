/** What the parts of the encrypt backend share. */
import type { HashAlgorithm, RecordKind } from "@datadb/protocol";
import type { Backend } from "../backend.ts";
import type { BackendContext } from "../backend-context.ts";
import type { RecordIndex } from "../record-index.ts";
import type { InFlight } from "./in-flight.ts";
import type { IndexNotes } from "./index-notes.ts";
import type { OpenKeys } from "./open-keys.ts";
import type { Secretbox } from "./secretbox.ts";
import type { SlabPool } from "./slab-pool.ts";
import type { StoredNames } from "./stored-names.ts";

/** An entry of the index that becomes true when the wrapped backend has flushed. */
interface ReplacedEntry {
  readonly kind: RecordKind;
  readonly key: Buffer;
  readonly value: Buffer;
}

/** An open place that is sealed. */
export interface Vault {
  readonly inner: Backend;
  readonly description: string;
  readonly hash: HashAlgorithm;
  readonly nameLength: number;
  /** By plain names: epoch, sizes, encoding and base of each record; and notes. */
  readonly index: RecordIndex;
  readonly notes: IndexNotes;
  readonly names: StoredNames;
  readonly secretbox: Secretbox;
  readonly slabs: SlabPool;
  /** Replaced, never changed. */
  keys: OpenKeys;
  readonly inFlight: InFlight;
  /** By kind and name: entries of records in another encoding, until a flush. */
  readonly replaced: Map<string, ReplacedEntry>;
  /** The wrapped backend's records-lost after the last flush. */
  lost: number;
  readonly counts: {
    sealed: number;
    sealedBytes: number;
    opened: number;
    openedBytes: number;
    refused: number;
  };
  warn(message: string): void;
  recovered: NonNullable<BackendContext["recovered"]>;
}
