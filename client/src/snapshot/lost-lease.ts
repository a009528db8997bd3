/** How a backup that failed goes on: some can be taken once more, some should leave nothing. */
import { LeaseLostError } from "@datadb/protocol";
import type { SnapshotSource } from "./snapshot-options.ts";

/** What was sent, or said to be there, is not there any more: the lease ended before the backup was listed. */
export function lostItsLease(error: unknown): boolean {
  const { kind, code } = error as { kind?: unknown; code?: unknown };
  return kind === "LEASELOST" || kind === "NOCHILD" || code === "LEASE_LOST";
}

/** Files and databases can, and a command can be run again; a stream has gone by. */
export function canBeReadAgain(source: SnapshotSource): boolean {
  return typeof source === "string" || Array.isArray(source) || !("stdin" in source);
}

export function isDiskFull(error: unknown): boolean {
  const { kind, code } = (error ?? {}) as { kind?: unknown; code?: unknown };
  return kind === "DISKFULL" || code === "DISK_FULL";
}

/** Says what only whoever made the stream can do. */
export function streamHasGone(cause: Error): LeaseLostError {
  const message = `a part of what was read from standard input is not in the store any more, and it cannot be read again (${cause.message})`;
  const next =
    "make the stream again; datadb snapshot -- COMMAND... runs the command that makes it again by itself";
  return new LeaseLostError(message, { cause, next });
}
