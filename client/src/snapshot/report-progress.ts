/** Tells a caller how far a snapshot is, some times a second. */
import type { Backup } from "../list/backup.ts";
import { readablePath } from "../source/entry-path.ts";
import type { WalkReport } from "../source/walk-report.ts";
import type { UploadCounts } from "../upload/upload.ts";
import type { SnapshotProgress } from "./snapshot-options.ts";

const INTERVAL_MS = 200;

/** Begins to tell; the returned function ends it, with a last word. */
export function reportProgress(
  tell: ((progress: SnapshotProgress) => void) | undefined,
  report: WalkReport,
  upload: UploadCounts,
  previous: Backup | null,
): () => void {
  if (tell === undefined) return () => {};
  const now = (): void => {
    const { counts, path, underWay, known, finished } = report;
    tell({
      entries: Math.max(counts.new + counts.changed + counts.unchanged, finished),
      bytes: counts.bytesRead + underWay + known,
      newBytes: upload.newBytes,
      // Only entries: of the bytes of an earlier backup most will not be read again.
      ...(previous ? { totalEntries: previous.entries } : {}),
      ...(report.totalBytes === undefined ? {} : { totalBytes: report.totalBytes }),
      ...(path === "" ? {} : { current: readablePath(path) }),
    });
  };
  const timer = setInterval(now, INTERVAL_MS);
  timer.unref();
  return () => {
    clearInterval(timer);
    now();
  };
}
