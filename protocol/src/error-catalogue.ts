/** Every error code with its exit code, its meaning and what to do: docs/errors.md and the classes agree with it by test. */

/** One row of the catalogue. */
export interface ErrorEntry {
  /** What the command line exits with: 1 failed, 2 usage, 3 incomplete, 4 no such thing, 5 damaged, 130 interrupted. */
  readonly exitCode: 1 | 2 | 3 | 4 | 5 | 130;
  readonly meaning: string;
  /** Advice for when the place that raised the error knew nothing better. */
  readonly next: string;
}

/** A stable code: never renamed, never reused. */
export type ErrorCode =
  | "ACCESS_DENIED"
  | "BACKEND_UNAVAILABLE"
  | "BUCKET_MISSING"
  | "COLD_DATA"
  | "COMMAND_FAILED"
  | "CONNECTION_LOST"
  | "DAMAGED"
  | "DATABASE_BUSY"
  | "DATABASE_CHANGED"
  | "DATABASE_DIFFERS"
  | "DATABASE_FAILED"
  | "DATABASE_FORBIDDEN"
  | "DATABASE_LOGIN"
  | "DATABASE_MISSING"
  | "DATABASE_UNFIT"
  | "DATABASE_UNREACHABLE"
  | "DECODE"
  | "DISK_FULL"
  | "EMPTY_SOURCE"
  | "EXISTS"
  | "FORMAT_TOO_NEW"
  | "HASH_MISMATCH"
  | "INCOMPLETE"
  | "INTERRUPTED"
  | "LEASE_LOST"
  | "MOUNT_FAILED"
  | "NOT_AUTHENTIC"
  | "NOT_FOUND"
  | "NO_STORE"
  | "PG_PROGRAM_MISSING"
  | "READ_ONLY"
  | "SOURCE_CHANGED"
  | "STORE_EXISTS"
  | "STORE_LOCKED"
  | "STORE_MISSING_KNOWN"
  | "THROTTLED"
  | "TX_TOO_BIG"
  | "UNSAFE_PATH"
  | "USAGE"
  | "WRONG_KEY"
  | "WRONG_REPLY"
  | "WRONG_STORE";

const DAMAGE_ADVICE =
  "run datadb check --read-data to see what else is affected, then restore the packs from a copy";

/** The catalogue, by code. */
export const ERROR_CATALOGUE: Readonly<Record<ErrorCode, ErrorEntry>> = {
  ACCESS_DENIED: {
    exitCode: 1,
    meaning: "A service refuses the credentials, or what they ask for; whether a blob is there is not known.",
    next: "check the access key, its expiry and its rights, then run the command again",
  },
  BACKEND_UNAVAILABLE: {
    exitCode: 1,
    meaning: "A backend cannot be reached or refuses to work; whether a blob is there is not known.",
    next: "check the disk, network or service that the message names, then run the command again",
  },
  BUCKET_MISSING: {
    exitCode: 1,
    meaning: "The bucket that the configuration names does not exist.",
    next: "check bucket, region and endpoint in the store's config.yaml, or create the bucket",
  },
  COLD_DATA: {
    exitCode: 1,
    meaning: "The data lies in a cold storage class and cannot be read before it was restored there.",
    next: "get what a backup needs with datadb restore --wait or datadb glacier restore",
  },
  COMMAND_FAILED: {
    exitCode: 1,
    meaning: "The command whose output was to be backed up failed; no backup was listed.",
    next: "run the command by itself, correct it, then take the snapshot again",
  },
  CONNECTION_LOST: {
    exitCode: 1,
    meaning: "The server went away before it had answered.",
    next: "check that the server runs and can be reached, then run the command again: what it has is not sent twice",
  },
  DAMAGED: {
    exitCode: 5,
    meaning: "Stored bytes are not what was written, or are missing.",
    next: DAMAGE_ADVICE,
  },
  DATABASE_BUSY: {
    exitCode: 1,
    meaning: "A lock that another session of the database holds was not given up in time.",
    next: "end the session that the message names or wait for it, or allow more time: --lock-timeout 5m",
  },
  DATABASE_CHANGED: {
    exitCode: 1,
    meaning: "A table was dropped or altered while the database was read; no backup was listed.",
    next: "run the command again when the change is done",
  },
  DATABASE_DIFFERS: {
    exitCode: 1,
    meaning: "What a restore wrote into a database is not what the backup holds; it was dropped again.",
    next: "see which table the message names; check the store with datadb check --read-data",
  },
  DATABASE_FAILED: {
    exitCode: 1,
    meaning: "The database server refused or failed a command.",
    next: "see what the server says; correct that, then run the command again",
  },
  DATABASE_FORBIDDEN: {
    exitCode: 1,
    meaning: "The database user may not do what is needed.",
    next: "grant what the message names, or connect as a user who may",
  },
  DATABASE_LOGIN: {
    exitCode: 1,
    meaning: "The database server refused the login.",
    next: "check user, password and the server's pg_hba.conf; a password may come from PGPASSWORD or ~/.pgpass",
  },
  DATABASE_MISSING: {
    exitCode: 4,
    meaning: "There is no such database, or no table in it that was asked for.",
    next: "check the name of the database and the patterns of tables",
  },
  DATABASE_UNFIT: {
    exitCode: 1,
    meaning:
      "The database server lacks what the backup needs, such as roles or extensions; nothing was written.",
    next: "provide everything that the message names, then run the command again",
  },
  DATABASE_UNREACHABLE: {
    exitCode: 1,
    meaning: "The database server cannot be reached, or went away.",
    next: "check that the server runs, and host and port of the URL",
  },
  DECODE: {
    exitCode: 5,
    meaning: "Bytes do not have the format that they should have.",
    next: DAMAGE_ADVICE,
  },
  DISK_FULL: {
    exitCode: 1,
    meaning: "The disk or a quota is full; what was listed before is intact.",
    next: "free some space or move the store to a larger disk, then run the command again",
  },
  EMPTY_SOURCE: {
    exitCode: 1,
    meaning:
      "The source is empty although its previous backup was not, cannot be read at all, or standard input brought nothing.",
    next: "check that the source is mounted and complete; pass --allow-empty when it is meant to be empty",
  },
  EXISTS: {
    exitCode: 1,
    meaning: "Something is already where a restore would write.",
    next: "choose an empty destination, or pass --overwrite",
  },
  FORMAT_TOO_NEW: {
    exitCode: 1,
    meaning: "The store was written by a newer datadb, in a format that this one does not know.",
    next: "use the datadb that wrote the store, or a newer one",
  },
  HASH_MISMATCH: {
    exitCode: 5,
    meaning: "Content does not have the hash that names it.",
    next: DAMAGE_ADVICE,
  },
  INCOMPLETE: {
    exitCode: 3,
    meaning: "The backup or restore was done, but some entries could not be read or written.",
    next: "see the entries listed above, correct their permissions or exclude them, then run the command again",
  },
  INTERRUPTED: {
    exitCode: 130,
    meaning: "The command was interrupted by a signal; nothing half-done is listed.",
    next: "run the command again: it resumes without sending what is already stored",
  },
  LEASE_LOST: {
    exitCode: 1,
    meaning: "Blobs that a transaction relies on are no longer protected or no longer there.",
    next: "run the command again: it sends what is missing",
  },
  MOUNT_FAILED: {
    exitCode: 1,
    meaning: "The backups could not be mounted on a directory.",
    next: "see what the system says; datadb ls, cat and restore need no mount",
  },
  NOT_AUTHENTIC: {
    exitCode: 5,
    meaning:
      "A sealed record was cut short, changed or put in the place of another one, or was sealed with another key.",
    next: DAMAGE_ADVICE,
  },
  NOT_FOUND: {
    exitCode: 4,
    meaning: "There is no such backup, path, blob or key.",
    next: "see what there is with datadb ls",
  },
  NO_STORE: {
    exitCode: 1,
    meaning: "The directory is no datadb store.",
    next: "name the store with --store or DATADB_STORE, or make one with datadb init",
  },
  PG_PROGRAM_MISSING: {
    exitCode: 1,
    meaning: "No program of PostgreSQL that is new enough for the server was found.",
    next: "install the package that the message names, or name the directory of the programs: --pg-bin DIR",
  },
  READ_ONLY: {
    exitCode: 1,
    meaning: "The store or backend does not accept writes.",
    next: "see the server's log for why it turned read-only; restart it when that is mended",
  },
  SOURCE_CHANGED: {
    exitCode: 3,
    meaning: "A file kept changing while it was read, also the second time.",
    next: "run the snapshot again when the file is quiet, or back up from a file system snapshot",
  },
  STORE_EXISTS: {
    exitCode: 1,
    meaning: "A store cannot be made in this directory: there is one already, or the directory is not empty.",
    next: "use the store that is there, or choose an empty directory",
  },
  STORE_LOCKED: {
    exitCode: 1,
    meaning: "Another process holds the store and cannot be reached over its socket.",
    next: "wait for the other process to end, or stop it, then run the command again",
  },
  STORE_MISSING_KNOWN: {
    exitCode: 1,
    meaning: "A store was here before, and now the directory is empty or gone.",
    next: "check that the disk is mounted; if the store is really gone, run datadb init to begin a new one",
  },
  THROTTLED: {
    exitCode: 1,
    meaning: "A service answered again and again that requests come too fast.",
    next: "run the command again later, or lower the backend's parallel option",
  },
  TX_TOO_BIG: {
    exitCode: 1,
    meaning: "A transaction collected more than one commit may hold.",
    next: "commit in smaller steps",
  },
  UNSAFE_PATH: {
    exitCode: 1,
    meaning: "A path would lead outside the place that was named, or is not safe to use.",
    next: "do not trust this backup or directory blindly: look at the path that the message names",
  },
  USAGE: {
    exitCode: 2,
    meaning: "The command, its arguments or the configuration are wrong.",
    next: "see datadb --help, or datadb VERB --help",
  },
  WRONG_KEY: {
    exitCode: 1,
    meaning: "None of the keys and passphrases that open a sealed place is the one given.",
    next: "give the key file or passphrase that the place was made with, or another one that datadb key add has added",
  },
  WRONG_REPLY: {
    exitCode: 1,
    meaning: "The server answered something that its command does not answer.",
    next: "check that the address is a datadb server's, of a version not older than this one",
  },
  WRONG_STORE: {
    exitCode: 1,
    meaning: "The store that is here has another identity than the one expected.",
    next: "check that the right disk is mounted and that the address is the right server's",
  },
};

/** The exit code for an error code. */
export function exitCodeOf(code: ErrorCode): number {
  return ERROR_CATALOGUE[code].exitCode;
}
