/** The database that backups write and users cannot. */

/** Its name is empty; what it holds is visible in every database. */
export const RESERVED_DATABASE: Buffer = Buffer.alloc(0);

/** Its keys besides one list per snapshot and one hash per backup. */
export const RESERVED_KEYS: { readonly snapshots: Buffer; readonly pins: Buffer } = {
  /** Set of snapshot ids in hex. */
  snapshots: Buffer.from("snapshots"),
  /** Set of backup ids in hex. */
  pins: Buffer.from("pins"),
};
