/** Turns the system's errors into those of the contract. */
import { BackendUnavailableError, DatadbError, DiskFullError } from "@datadb/protocol";

/** No space, no quota, no larger file. */
const FULL = new Set(["ENOSPC", "EDQUOT", "EFBIG"]);

/** The system's code, e.g. ENOENT; empty when the error has none. */
export function systemCode(error: unknown): string {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === "string" ? code : "";
}

/** DISK_FULL or BACKEND_UNAVAILABLE for a failed file operation on `path`; errors that already are datadb's stay as they are. */
export function fileError(action: string, path: string, error: unknown): DatadbError {
  if (error instanceof DatadbError) return error;
  if (FULL.has(systemCode(error)))
    return new DiskFullError(`cannot ${action} ${path}: no space is left`, {
      cause: error,
      fields: { path },
    });
  const reason = error instanceof Error ? error.message : String(error);
  return new BackendUnavailableError(`cannot ${action} ${path}: ${reason}`, {
    cause: error,
    fields: { path },
  });
}
