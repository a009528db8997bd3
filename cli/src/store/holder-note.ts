/**
 * The note that a store's holder leaves beside it: who holds it and where it listens. Other processes may look
 * for the socket in another place (cron has no XDG_RUNTIME_DIR), and an error can name the holder.
 */
import { lstatSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { StoreLockedError } from "@datadb/protocol";

export interface HolderNote {
  pid: number;
  /** What it does: the verb. */
  job: string;
  socket: string;
  /** Device and inode of the store's directory: in a copy of the store the note is about the original. */
  place: string;
}

const noteFile = (directory: string): string => join(directory, "holder.json");

function placeOf(directory: string): string {
  const { dev, ino } = statSync(directory, { bigint: true });
  return `${dev}:${ino}`;
}

/** Only the process with the lock may call this. */
export function writeHolderNote(directory: string, note: Omit<HolderNote, "place">): void {
  const temporary = `${noteFile(directory)}.new`;
  const placed: HolderNote = { ...note, place: placeOf(directory) };
  writeFileSync(temporary, `${JSON.stringify(placed)}\n`, { mode: 0o600 });
  renameSync(temporary, noteFile(directory));
}

/** Only the process with the lock may call this. */
export function removeHolderNote(directory: string): void {
  rmSync(noteFile(directory), { force: true });
}

/** Undefined when there is none about this very directory, or none that can be read. It may be stale: its writer may be dead. */
export function readHolderNote(directory: string): HolderNote | undefined {
  try {
    const note = JSON.parse(readFileSync(noteFile(directory), "utf8")) as Partial<HolderNote>;
    const { pid, job, socket, place } = note;
    if (typeof pid !== "number" || typeof job !== "string" || typeof socket !== "string") return undefined;
    return place === placeOf(directory) ? { pid, job, socket, place } : undefined;
  } catch {
    return undefined;
  }
}

/** A socket is trusted when this user, root or the store's owner made it, as they could change the store itself. */
export function isTrustedSocket(socket: string, directory: string, uid: number): boolean {
  try {
    const found = lstatSync(socket);
    return found.isSocket() && [uid, 0, statSync(directory).uid].includes(found.uid);
  } catch {
    return false;
  }
}

/** The holder as messages call it. */
export function holderOf(directory: string): string {
  const note = readHolderNote(directory);
  return note ? `process ${note.pid} (datadb ${note.job})` : "another process";
}

/** The error of a process that waited in vain. */
export function lockedBy(directory: string): StoreLockedError {
  return new StoreLockedError(`${directory} is held by ${holderOf(directory)}`, {
    next: "wait for it to end, or stop it; --lock-wait says how long to wait",
    fields: { directory, ...readHolderNote(directory) },
  });
}
