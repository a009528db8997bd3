/** One class for each error code, so that callers can say `instanceof`. All take (message, details | next). */
import { DatadbError, type ErrorDetails } from "./datadb-error.ts";
import type { ErrorCode } from "./error-catalogue.ts";

/** BACKEND_UNAVAILABLE: A backend cannot be reached or refuses to work; whether a blob is there is not known. */
export class BackendUnavailableError extends DatadbError {
  constructor(message: string, details?: string | ErrorDetails, code: ErrorCode = "BACKEND_UNAVAILABLE") {
    super(code, message, details);
  }
}

/** ACCESS_DENIED: A service refuses the credentials, or what they ask for; whether a blob is there is not known. */
export class AccessDeniedError extends BackendUnavailableError {
  constructor(message: string, details?: string | ErrorDetails) {
    super(message, details, "ACCESS_DENIED");
  }
}

/** BUCKET_MISSING: The bucket that the configuration names does not exist. */
export class BucketMissingError extends BackendUnavailableError {
  constructor(message: string, details?: string | ErrorDetails) {
    super(message, details, "BUCKET_MISSING");
  }
}

/** COLD_DATA: The data lies in a cold storage class and cannot be read before it was restored there. */
export class ColdDataError extends DatadbError {
  constructor(message: string, details?: string | ErrorDetails) {
    super("COLD_DATA", message, details);
  }
}

/** THROTTLED: A service answered again and again that requests come too fast. */
export class ThrottledError extends BackendUnavailableError {
  constructor(message: string, details?: string | ErrorDetails) {
    super(message, details, "THROTTLED");
  }
}

/** COMMAND_FAILED: The command whose output was to be backed up failed; no backup was listed. */
export class CommandFailedError extends DatadbError {
  constructor(message: string, details?: string | ErrorDetails) {
    super("COMMAND_FAILED", message, details);
  }
}

/** CONNECTION_LOST: The server went away before it had answered. */
export class ConnectionLostError extends DatadbError {
  constructor(message: string, details?: string | ErrorDetails) {
    super("CONNECTION_LOST", message, details);
  }
}

/** DAMAGED: Stored bytes that are not what was written. */
export class DamagedError extends DatadbError {
  constructor(message: string, details?: string | ErrorDetails) {
    super("DAMAGED", message, details);
  }
}

/** DATABASE_BUSY: A lock that another session of the database holds was not given up in time. */
export class DatabaseBusyError extends DatadbError {
  constructor(message: string, details?: string | ErrorDetails) {
    super("DATABASE_BUSY", message, details);
  }
}

/** DATABASE_CHANGED: A table was dropped or altered while the database was read; no backup was listed. */
export class DatabaseChangedError extends DatadbError {
  constructor(message: string, details?: string | ErrorDetails) {
    super("DATABASE_CHANGED", message, details);
  }
}

/** DATABASE_DIFFERS: What a restore wrote into a database is not what the backup holds; it was dropped again. */
export class DatabaseDiffersError extends DatadbError {
  constructor(message: string, details?: string | ErrorDetails) {
    super("DATABASE_DIFFERS", message, details);
  }
}

/** DATABASE_FAILED: The database server refused or failed a command. */
export class DatabaseFailedError extends DatadbError {
  constructor(message: string, details?: string | ErrorDetails) {
    super("DATABASE_FAILED", message, details);
  }
}

/** DATABASE_FORBIDDEN: The database user may not do what is needed. */
export class DatabaseForbiddenError extends DatadbError {
  constructor(message: string, details?: string | ErrorDetails) {
    super("DATABASE_FORBIDDEN", message, details);
  }
}

/** DATABASE_LOGIN: The database server refused the login. */
export class DatabaseLoginError extends DatadbError {
  constructor(message: string, details?: string | ErrorDetails) {
    super("DATABASE_LOGIN", message, details);
  }
}

/** DATABASE_MISSING: There is no such database, or no table in it that was asked for. */
export class DatabaseMissingError extends DatadbError {
  constructor(message: string, details?: string | ErrorDetails) {
    super("DATABASE_MISSING", message, details);
  }
}

/** DATABASE_UNFIT: The database server lacks what the backup needs, such as roles or extensions; nothing was written. */
export class DatabaseUnfitError extends DatadbError {
  constructor(message: string, details?: string | ErrorDetails) {
    super("DATABASE_UNFIT", message, details);
  }
}

/** DATABASE_UNREACHABLE: The database server cannot be reached, or went away. */
export class DatabaseUnreachableError extends DatadbError {
  constructor(message: string, details?: string | ErrorDetails) {
    super("DATABASE_UNREACHABLE", message, details);
  }
}

/** DECODE: Bytes that do not parse. Callers that know which object they read wrap it as DAMAGED. */
export class DecodeError extends DatadbError {
  constructor(message: string, details?: string | ErrorDetails) {
    super("DECODE", message, details);
  }
}

/** DISK_FULL: The disk or a quota is full; what was listed before is intact. */
export class DiskFullError extends DatadbError {
  constructor(message: string, details?: string | ErrorDetails) {
    super("DISK_FULL", message, details);
  }
}

/** EMPTY_SOURCE: The source is empty although its previous backup was not, or standard input brought nothing. */
export class EmptySourceError extends DatadbError {
  constructor(message: string, details?: string | ErrorDetails) {
    super("EMPTY_SOURCE", message, details);
  }
}

/** EXISTS: Something is already where a restore would write. */
export class ExistsError extends DatadbError {
  constructor(message: string, details?: string | ErrorDetails) {
    super("EXISTS", message, details);
  }
}

/** FORMAT_TOO_NEW: The store was written by a newer datadb, in a format that this one does not know. */
export class FormatTooNewError extends DatadbError {
  constructor(message: string, details?: string | ErrorDetails) {
    super("FORMAT_TOO_NEW", message, details);
  }
}

/** HASH_MISMATCH: Content that does not have its name: the blob is in the message and in `fields`. */
export class HashMismatchError extends DatadbError {
  constructor(message: string, details?: string | ErrorDetails) {
    super("HASH_MISMATCH", message, details);
  }
}

/** INCOMPLETE: The backup or restore was done, but some entries could not be read or written. */
export class IncompleteError extends DatadbError {
  constructor(message: string, details?: string | ErrorDetails) {
    super("INCOMPLETE", message, details);
  }
}

/** INTERRUPTED: The command was interrupted by a signal; nothing half-done is listed. */
export class InterruptedError extends DatadbError {
  constructor(message: string, details?: string | ErrorDetails) {
    super("INTERRUPTED", message, details);
  }
}

/** LEASE_LOST: Blobs that a transaction relies on are no longer protected or no longer there. */
export class LeaseLostError extends DatadbError {
  constructor(message: string, details?: string | ErrorDetails) {
    super("LEASE_LOST", message, details);
  }
}

/** MOUNT_FAILED: The backups could not be mounted on a directory. */
export class MountFailedError extends DatadbError {
  constructor(message: string, details?: string | ErrorDetails) {
    super("MOUNT_FAILED", message, details);
  }
}

/** NOT_FOUND: There is no such backup, path, blob or key. */
export class NotFoundError extends DatadbError {
  constructor(message: string, details?: string | ErrorDetails) {
    super("NOT_FOUND", message, details);
  }
}

/** NOT_AUTHENTIC: A sealed record was cut short, changed or put in the place of another one, or was sealed with another key. */
export class NotAuthenticError extends DatadbError {
  constructor(message: string, details?: string | ErrorDetails) {
    super("NOT_AUTHENTIC", message, details);
  }
}

/** NO_STORE: The directory is no datadb store. */
export class NoStoreError extends DatadbError {
  constructor(message: string, details?: string | ErrorDetails) {
    super("NO_STORE", message, details);
  }
}

/** PG_PROGRAM_MISSING: No program of PostgreSQL that is new enough for the server was found. */
export class PgProgramMissingError extends DatadbError {
  constructor(message: string, details?: string | ErrorDetails) {
    super("PG_PROGRAM_MISSING", message, details);
  }
}

/** READ_ONLY: The store or backend does not accept writes. */
export class ReadOnlyError extends DatadbError {
  constructor(message: string, details?: string | ErrorDetails) {
    super("READ_ONLY", message, details);
  }
}

/** SOURCE_CHANGED: A file kept changing while it was read, also the second time. */
export class SourceChangedError extends DatadbError {
  constructor(message: string, details?: string | ErrorDetails) {
    super("SOURCE_CHANGED", message, details);
  }
}

/** STORE_EXISTS: A store cannot be made in this directory: there is one already, or the directory is not empty. */
export class StoreExistsError extends DatadbError {
  constructor(message: string, details?: string | ErrorDetails) {
    super("STORE_EXISTS", message, details);
  }
}

/** STORE_LOCKED: Another process holds the store and cannot be reached over its socket. */
export class StoreLockedError extends DatadbError {
  constructor(message: string, details?: string | ErrorDetails) {
    super("STORE_LOCKED", message, details);
  }
}

/** STORE_MISSING_KNOWN: A store was here before, and now the directory is empty or gone. */
export class StoreMissingKnownError extends DatadbError {
  constructor(message: string, details?: string | ErrorDetails) {
    super("STORE_MISSING_KNOWN", message, details);
  }
}

/** TX_TOO_BIG: A transaction collected more than one commit may hold. */
export class TransactionTooBigError extends DatadbError {
  constructor(message: string, details?: string | ErrorDetails) {
    super("TX_TOO_BIG", message, details);
  }
}

/** UNSAFE_PATH: A path would lead outside the place that was named, or is not safe to use. */
export class UnsafePathError extends DatadbError {
  constructor(message: string, details?: string | ErrorDetails) {
    super("UNSAFE_PATH", message, details);
  }
}

/** USAGE: The command, its arguments or the configuration are wrong. */
export class UsageError extends DatadbError {
  constructor(message: string, details?: string | ErrorDetails) {
    super("USAGE", message, details);
  }
}

/** WRONG_KEY: None of the keys and passphrases that open a sealed place is the one given. */
export class WrongKeyError extends DatadbError {
  constructor(message: string, details?: string | ErrorDetails) {
    super("WRONG_KEY", message, details);
  }
}

/** WRONG_REPLY: The server answered something that its command does not answer. */
export class WrongReplyError extends DatadbError {
  constructor(message: string, details?: string | ErrorDetails) {
    super("WRONG_REPLY", message, details);
  }
}

/** WRONG_STORE: The store that is here has another identity than the one expected. */
export class WrongStoreError extends DatadbError {
  constructor(message: string, details?: string | ErrorDetails) {
    super("WRONG_STORE", message, details);
  }
}
