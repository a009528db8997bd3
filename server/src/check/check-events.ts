/** What a check is asked, and what it says. */

/** How much is verified, and whether what can be mended is. */
export interface CheckOptions {
  /**
   * Percent of all bytes that are read, decoded and hashed, in whole packs, those that were not verified for longest first; default 0:
   * structure only. A check of all that was interrupted goes on where it stopped.
   */
  readData?: number;
  /**
   * The index is made anew where it is wrong, the log gets a new checkpoint where it is damaged, the bytes of damaged records are kept
   * aside, and their names count as absent, so that whoever has their content can put it again.
   */
  repair?: boolean;
  signal?: AbortSignal;
}

/** What a check says while it runs. `done` and `total` of the phase data are bytes, of the others records. */
export type CheckEvent =
  | { type: "progress"; phase: "log" | "index" | "trees" | "data" | "mirror"; done: number; total: number }
  /** Something a person should know that hurts no backup. */
  | { type: "note"; message: string }
  | ({ type: "finding" } & CheckFinding);

/** A backup that needs a damaged blob, and where. */
export interface AffectedBackup {
  /** Hex. */
  backup: string;
  /** The first paths. */
  paths: string[];
  /**
   * The same paths with the bytes of the file that are out of reach, `to` excluded; absent for directories and other entries. Of a table also
   * the rows between which these are, counted from 1: exactly these where it lacks nothing else.
   */
  places: { path: string; from?: number; to?: number; fromRow?: number; toRow?: number }[];
}

/** One thing that is wrong. */
export interface CheckFinding {
  /**
   * `missing`, `damaged-record`, `wrong-content`, `needs-damaged`, `log`, `checkpoint`, `keyspace`, `index`, `pack-header`, `node`,
   * `mirror-missing`, `mirror-damaged`.
   */
  what: string;
  /** One sentence with the object in it. */
  message: string;
  kind?: "data" | "node" | "log";
  /** Hex. */
  name?: string;
  pack?: string;
  offset?: number;
  affected?: AffectedBackup[];
}

/** The end of a check. */
export interface CheckSummary {
  findings: number;
  /** Of them, what the repair has mended by itself. */
  mended: number;
  backups: number;
  nodes: number;
  data: number;
  /** Records that were read and verified. */
  read: number;
  readBytes: number;
  /** Members of mirrors that were down or behind: nobody knows whether their copies are whole. */
  uncompared: number;
}
