/** Reads one file in a job of its own: large files, files with holes, files with several names. */
import { decodeMeta, encodeMeta, type HashAlgorithm } from "@datadb/protocol";
import { bufferOf } from "../ingest/packed-records.ts";
import { type StreamBases, streamBases } from "../ingest/stream-bases.ts";
import { entryMeta } from "./entry-meta.ts";
import { unreadable } from "./entry-problem.ts";
import { newStat } from "./entry-stat.ts";
import { openDirectory } from "./open-directory.ts";
import type { FetchMany } from "./previous-metas.ts";
import { readLargeFile } from "./read-large-file.ts";
import type { ScanTools } from "./scan-directory.ts";
import type { FileOutcome, FileUnit } from "./scan-unit.ts";

/** Never throws for what a file system does. A file that vanished has neither meta nor problem. */
export async function readFileUnit(
  tools: ScanTools,
  fetch: FetchMany,
  { directory: path, entry, relative, previous }: FileUnit,
  tell: (bytes: number) => void,
): Promise<FileOutcome> {
  try {
    const directory = openDirectory(path, tools.native);
    try {
      const stat = newStat();
      const bases = previous && basesOf(fetch, tools.hash, bufferOf(previous));
      const read = await readLargeFile(tools, directory, entry, stat, tools.native, tell, bases);
      const meta = entryMeta(entry, "file", stat, tools.owners, read.xattrs);
      meta.size = read.bytes;
      meta.chunk = read.ref.chunk;
      meta.list = read.ref.list;
      const outcome: FileOutcome = { meta: new Uint8Array(encodeMeta(meta)), bytesRead: read.bytes };
      if (read.changed) {
        outcome.problem = { path: relative, reason: "it changed while it was read", kind: "changed" };
      }
      return outcome;
    } finally {
      directory.close();
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return { bytesRead: 0 };
    return { problem: unreadable(relative, error), bytesRead: 0 };
  }
}

/** What the chunks of a file are encoded against: the content that `meta` refers to, if there is any. */
function basesOf(
  fetch: FetchMany,
  hash: HashAlgorithm,
  previous: Buffer,
): (() => Promise<StreamBases>) | undefined {
  const { chunk, list, size = 0 } = decodeMeta(previous);
  return chunk || list ? () => streamBases(fetch, hash, { chunk, list }, size) : undefined;
}
