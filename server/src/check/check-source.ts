/** What a check looks at. */
import type { Backend } from "@datadb/backends";
import type { HashAlgorithm } from "@datadb/protocol";
import type { NameIndex } from "../blobs/name-index.ts";
import type { BlobKind, CheckEvent, CheckFinding, View } from "../database.ts";
import type { Encoder } from "../encoder/encoder.ts";
import type { Level } from "../keyspace/open-level.ts";
import type { Head } from "../log/head.ts";
import type { ScrubDates } from "./scrub-dates.ts";

export interface CheckSource {
  readonly backend: Backend;
  readonly index: NameIndex;
  readonly view: View;
  /** The LevelDB of the keyspace. */
  readonly meta: Level;
  /** That of index, leases and marks. */
  readonly local: Level;
  readonly hash: HashAlgorithm;
  readonly storeId: Buffer;
  readonly encoder: Encoder;
  readonly scrubs: ScrubDates;
  /** What the configuration keeps less safely than it should: sentences. */
  readonly weakSpots: readonly string[];
  head(): Head;
  /** Resolves when LevelDB has all that is committed. */
  settled(): Promise<void>;
  /** To be called after a reindex: forgets what it should not have found. */
  settle(): Promise<boolean>;
  /** Writes a checkpoint: what is older in the log is not needed any more. */
  checkpoint(): Promise<number>;
}

/** Everything that a running check has found. */
export interface CheckState {
  readonly source: CheckSource;
  readonly signal: AbortSignal | undefined;
  /** Names of blobs that are missing or damaged, by kind, as Latin-1 text. */
  readonly bad: Record<BlobKind, Set<string>>;
  backups: number;
  nodes: number;
  data: number;
  read: number;
  readBytes: number;
  /** Members of mirrors that were not compared. */
  uncompared: number;
}

/** One part of a check. */
export type CheckPart = AsyncGenerator<CheckEvent, void>;

/** A finding; its blob is remembered as bad. */
export function finding(state: CheckState, found: CheckFinding, name?: Buffer): CheckEvent {
  if (name !== undefined && (found.kind === "data" || found.kind === "node"))
    state.bad[found.kind].add(name.toString("latin1"));
  return { type: "finding", ...found, ...(name === undefined ? {} : { name: name.toString("hex") }) };
}

/** The names that a set holds as Latin-1 text. */
export function namesOf(set: ReadonlySet<string>): Buffer[] {
  return [...set].map((id) => Buffer.from(id, "latin1"));
}
