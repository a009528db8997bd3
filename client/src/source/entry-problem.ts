/** What a backup could not take as it is. */

/** Something that could not be backed up as it is. */
export interface EntryProblem {
  /** Path from the backup's root; latin1: a character is a byte. */
  path: string;
  reason: string;
  /**
   * unreadable: the entry, or its content, is missing; changed: its content may mix two states; attributes: extended
   * attributes and holes of the whole source (path "") are out of reach on this system.
   */
  kind: "unreadable" | "changed" | "attributes";
}

/** The problem that an error of the file system makes of an entry. */
export function unreadable(path: string, error: unknown): EntryProblem {
  const { code, message } = error as NodeJS.ErrnoException;
  return { path, reason: REASONS[code ?? ""] ?? code ?? message, kind: "unreadable" };
}

const REASONS: Record<string, string> = {
  EACCES: "permission denied",
  EPERM: "operation not permitted",
  EIO: "input/output error",
  ELOOP: "too many symbolic links",
  ENAMETOOLONG: "the path is too long for this system",
  EMFILE: "too many open files",
  ENFILE: "too many open files",
};
