/** What loading the rows of tables needs to know, and what it leaves for comparing them. */
import type { ContentPiece } from "../../../cat/content-piece.ts";
import type { TableManifest } from "../../manifest/manifest.ts";
import type { RowSum } from "../../rows/row-sum.ts";
import type { PartitionRoots } from "./partition-roots.ts";
import type { RowsDigest } from "./row-digest.ts";

/** `digests` null: the rows will not be compared. */
export type LoadOneRequest = Omit<
  LoadRequest,
  "digests" | "sums" | "roots" | "late" | "jobs" | "isBinary"
> & {
  digests: LoadRequest["digests"] | null;
  sums?: LoadRequest["sums"];
};

export interface LoadRequest {
  content(path: string): AsyncIterable<ContentPiece>;
  /** Told of bytes that were sent, and of tables that are done. */
  onBytes(bytes: number): void;
  onTable(table: TableManifest): void;
  /** The table's name in the target. */
  nameOf(table: TableManifest): { schema: string; name: string };
  /** Of the rows that were sent, by key of the table; for comparing what the server then has. */
  digests: Map<string, RowsDigest>;
  /** How the digests of large tables were summed up, which the server can do as well. */
  sums: Map<string, RowSum>;
  /** Partitions whose rows the server distributes: they are counted, and not compared. */
  roots: PartitionRoots;
  /** Takes tables whose rows the server refused: a check or a column may read tables that are not loaded yet. */
  late: RefusedTable[];
  /** Sessions that load. */
  jobs: number;
  /** Whether the rows of a table are sent in the binary format. */
  isBinary(table: TableManifest): Promise<boolean>;
}

export interface RefusedTable {
  table: TableManifest;
  error: unknown;
}
