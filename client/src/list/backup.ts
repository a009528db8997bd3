/** One backup as its log record tells it. */

export interface Backup {
  /** Backup id, hex. */
  id: string;
  /** Id of its series, hex. */
  snapshot: string;
  name: string;
  host: string;
  path: string;
  /** RFC 3339 UTC with milliseconds, the server's. */
  time: string;
  /** Type of the root. */
  type: string;
  /** `files`, `stdin`, `command` ... */
  source: string;
  /** Hex id of the root meta. */
  ref: string;
  /** Content bytes and entries. */
  size: number;
  entries: number;
  /** False when some entries could not be read; `unreadable` then names them. */
  complete: boolean;
  unreadable: string[];
  unreadableCount: number;
  /** The user's own metadata. */
  meta: Record<string, unknown>;
  tags: string[];
  /** Paths of it that a check found to be lost, the first ones; empty when nothing is known to be. */
  lost: string[];
  pinned: boolean;
  /** All fields as the server sent them, also those of newer versions. */
  fields: Record<string, string>;
}
