/**
 * Which store was seen at which path, kept in the user's state directory: a path that suddenly is empty or holds
 * another store most likely means that a disk is not mounted, and must not be filled anew.
 */
import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { StoreMissingKnownError, WrongStoreError } from "@datadb/protocol";
import { xdgDirectory } from "./xdg-directory.ts";

export interface KnownStores {
  /** Where it is kept. */
  readonly file: string;
  /** Throws StoreMissingKnownError when the path is known and holds nothing now. */
  checkPresent(directory: string): void;
  /** Throws WrongStoreError when the path is known with another id; else remembers it. */
  check(directory: string, id: string): void;
  /** Forgets the path. */
  forget(directory: string): void;
}

export function knownStores(environment: NodeJS.ProcessEnv): KnownStores {
  const file = join(
    xdgDirectory("XDG_STATE_HOME", ".local/state", environment),
    "datadb",
    "known-stores.json",
  );
  return {
    file,
    checkPresent(directory) {
      const id = read(file)[directory];
      if (id !== undefined && isAbsentOrEmpty(directory)) throw missing(directory, id);
    },
    check(directory, id) {
      const known = read(file)[directory];
      if (known === id) return;
      if (known !== undefined) throw wrong(directory, known, id, file);
      change(file, (stores) => ({ ...stores, [directory]: id }));
    },
    forget(directory) {
      if (read(file)[directory] === undefined) return;
      change(file, ({ [directory]: _, ...others }) => others);
    },
  };
}

function missing(directory: string, id: string): StoreMissingKnownError {
  return new StoreMissingKnownError(`${directory} holds nothing now, and store ${id} was there before`, {
    next: `is its disk mounted? If the store is gone for good: datadb init --forget-known --store ${directory}`,
    fields: { directory, id },
  });
}

function wrong(directory: string, known: string, found: string, file: string): WrongStoreError {
  return new WrongStoreError(`${directory} holds store ${found}, and store ${known} was there before`, {
    next: `is the right disk mounted? If the change was meant, remove the path from ${file}`,
    fields: { directory, known, found },
  });
}

/** A file that cannot be read or understood guards nothing, and is no reason to fail a backup. */
function read(file: string): Record<string, string> {
  try {
    const stores: unknown = JSON.parse(readFileSync(file, "utf8"));
    return typeof stores === "object" && stores !== null ? (stores as Record<string, string>) : {};
  } catch {
    return {};
  }
}

/** Read-only and missing homes (systemd's DynamicUser) are common: the guard is then off, silently. */
function change(file: string, edit: (stores: Record<string, string>) => Record<string, string>): void {
  const next = `${JSON.stringify(edit(read(file)), null, 2)}\n`;
  const temporary = `${file}.${process.pid}`;
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    writeFileSync(temporary, next, { mode: 0o600 });
    renameSync(temporary, file);
  } catch {
    return;
  }
}

/** lost+found alone is an empty, freshly made file system. */
function isAbsentOrEmpty(directory: string): boolean {
  try {
    return readdirSync(directory).every((name) => name === "lost+found");
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    return code === "ENOENT" || code === "ENOTDIR";
  }
}
