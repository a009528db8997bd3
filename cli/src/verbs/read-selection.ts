/** From the selector that a person typed to one backup and a path in it. */
import type { Backup, Connection } from "@datadb/client";
import { UsageError } from "@datadb/protocol";

export interface Selection {
  backup: Backup;
  /** Path in the backup, "" for its root; undefined when the selector had no `:PATH`. */
  path: string | undefined;
}

/** Throws UsageError for a selector that is wrong or fits several series, NotFoundError when there is no such backup. */
export async function readSelection(connection: Connection, text: string): Promise<Selection> {
  const { parseSelector, resolveSelector } = await import("@datadb/client");
  const selector = parseSelector(text);
  return { backup: await resolveSelector(connection, selector), path: selector.path };
}

/** For verbs that mean whole backups. Throws what readSelection throws, and UsageError for a selector with a path. */
export async function readBackup(connection: Connection, text: string): Promise<Backup> {
  const { backup, path } = await readSelection(connection, text);
  if (path)
    throw new UsageError(
      `'${text}' names a part of a backup`,
      "leave :PATH away: this is about whole backups",
    );
  return backup;
}
