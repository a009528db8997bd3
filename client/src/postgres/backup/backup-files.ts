/** Takes the small files of a database's backup in, one after the other, each compared with its earlier version. */
import type { StreamRef } from "@datadb/protocol";
import type { Engine } from "../../ingest/engine.ts";
import type { BackupFile } from "./build-tree.ts";
import { oneAtATime } from "./one-at-a-time.ts";
import type { PreviousTables } from "./previous-tables.ts";

export interface BackupFiles {
  readonly files: Map<string, BackupFile>;
  /** Stores a stream as a file. */
  put(path: string, pieces: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<BackupFile>;
  /** A file whose content is stored already. */
  set(path: string, ref: StreamRef, bytes: number, source?: Record<string, unknown>): void;
}

export function backupFiles(engine: Engine, previous: PreviousTables, dryRun: boolean): BackupFiles {
  const files = new Map<string, BackupFile>();
  const turn = oneAtATime();
  return {
    files,
    put: (path, pieces) =>
      turn(async () => {
        const before = previous.files.get(path);
        const { chunk, list, size = 0 } = before ?? {};
        const earlier = { ref: { ...(chunk && { chunk }), ...(list && { list }) }, bytes: size };
        const { ref, bytes } = dryRun ? { ref: {}, bytes: 0 } : await engine.stream(pieces, earlier);
        const file = { ref, bytes };
        files.set(path, file);
        return file;
      }),
    set(path, ref, bytes, source) {
      files.set(path, { ref, bytes, ...(source === undefined ? {} : { source: JSON.stringify(source) }) });
    },
  };
}
