/** What a backend gets from the store that opens it. */
import type { HashAlgorithm, RecordKind } from "@datadb/protocol";
import type { FileSystem } from "./file-system.ts";
import type { RecordIndex } from "./record-index.ts";

/** The store's side of a backend. */
export interface BackendContext {
  /** 16 bytes; written into every pack, and compared when one is opened. */
  readonly storeId: Buffer;
  readonly hash: HashAlgorithm;
  /** The store's directory, absolute: relative paths of a configuration start here. */
  readonly directory: string;
  /**
   * The index of one leaf under `i/<path>/` of `local/`. The path is made of the leaf's type and place, not of its position, so
   * that wrapping it in something else later does not cost a scan. It holds no slash.
   */
  index(path: string): RecordIndex;
  /** Something a person should know, e.g. a torn tail that was cut. One sentence, no newline. */
  warn(message: string): void;
  /**
   * Told, in pieces, of every record that opening found in the packs and not in the index: after a crash, those that survived
   * although no flush had promised them, and so perhaps without what they refer to (check nodes for their children, records for
   * their bases); with an empty index, all. Told, and awaited, before the index has them: power may fail again before the caller has
   * looked at them, and then nobody else knows. The names are the caller's.
   */
  recovered?(kind: RecordKind, names: readonly Buffer[]): Promise<void> | void;
  /** The disk; the operating system's when absent. */
  readonly fs?: FileSystem;
  /** The payload of a key record, for a sealed place that has lost its own. */
  readonly keyRecord?: Buffer | undefined;
  /** Nothing on disk may change: packs are not created, extended or cut. */
  readonly readOnly?: boolean;
  /** Others have the same records: what cannot be reached is told of soon, rather than waited for. */
  readonly replaceable?: boolean;
  /** Aborted when whoever opened the store wants to end: from then on nothing waits for what cannot be reached. */
  readonly signal?: AbortSignal;
}
