/** Takes the small files of a database's backup in, one after the other, each compared with its earlier version. */
import type { StreamRef } from "@datadb/protocol";
import type { Engine } from "../../ingest/engine.ts";
import type { WalkReport } from "../../source/walk-report.ts";
import type { BackupFile } from "./build-tree.ts";
import type { PreviousTables } from "./previous-tables.ts";
import { oneAtATime } from "./read/one-at-a-time.ts";

export interface BackupFiles {
  readonly files: Map<string, BackupFile>;
  /** Stores a stream as a file. */
  put(path: string, pieces: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<BackupFile>;
  /** A file whose content is stored already. */
  set(path: string, ref: StreamRef, bytes: number, source?: Record<string, unknown>): void;
}

/** What they hold is told to `report`; nobody knew before that it is there. */
export function backupFiles(engine: Engine, previous: PreviousTables, report: WalkReport): BackupFiles {
  const files = new Map<string, BackupFile>();
  const turn = oneAtATime();
  async function* told(
    pieces: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  ): AsyncGenerator<Uint8Array, void> {
    for await (const piece of pieces) {
      report.counts.bytesRead += piece.length;
      if (report.totalBytes !== undefined) report.totalBytes += piece.length;
      yield piece;
    }
  }
  return {
    files,
    put: (path, pieces) =>
      turn(async () => {
        const before = previous.files.get(path);
        const { chunk, list, size = 0 } = before ?? {};
        const earlier = { ref: { ...(chunk && { chunk }), ...(list && { list }) }, bytes: size };
        const { ref, bytes } = await engine.stream(told(pieces), earlier);
        const file = { ref, bytes };
        files.set(path, file);
        report.finished++;
        return file;
      }),
    set(path, ref, bytes, source) {
      files.set(path, { ref, bytes, ...(source === undefined ? {} : { source: JSON.stringify(source) }) });
    },
  };
}
