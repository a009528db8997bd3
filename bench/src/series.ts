/** One tool on one workload: a cold repository, a first backup, a second one, a restore that is compared. */
import { execFileSync } from "node:child_process";
import { mkdirSync, renameSync } from "node:fs";
import { join } from "node:path";
import { directoryBytes } from "./directory-bytes.ts";
import { type Measurement, measure } from "./measure.ts";
import { chunkCount, metadataBytes } from "./tools/datadb.ts";
import type { Tool } from "./tools/tool.ts";

export interface Series {
  tool: string;
  first: Measurement;
  second: Measurement;
  restore: Measurement;
  /** Bytes of the repository after the first and after the second backup. */
  bytes: { first: number; second: number };
  /** datadb only: bytes beside the content, and chunks, after the first and after the second backup. */
  metadata?: { first: Metadata; second: Metadata };
}

interface Metadata {
  bytes: number;
  chunks: number;
}

export interface Days {
  /** What the first backup sees. */
  first: string;
  /** What the second backup sees; the same directory when nothing changes. */
  second: string;
}

/**
 * Runs below `work`, which must not exist and is left behind: ext4 makes new files slowly for minutes after many were
 * deleted, so nothing is deleted while tools are compared. Both days are backed up under one path, as a source that
 * changes.
 */
export async function runSeries(tool: Tool, days: Days, work: string): Promise<Series> {
  mkdirSync(work, { recursive: true });
  const path = join(work, "repository");
  const source = join(days.first, "..", "source");
  const repository = tool.repository(path);
  await measure(repository.init);

  const first = await withSource(days.first, source, () => settled(repository.backup(source)));
  const bytesFirst = directoryBytes(path);
  const metadataFirst = tool.name === "datadb" ? metadataOf(path) : undefined;

  const second = await withSource(days.second, source, () => settled(repository.backup(source)));
  const bytesSecond = directoryBytes(path);
  const metadataSecond = tool.name === "datadb" ? metadataOf(path) : undefined;

  const target = join(work, "restored");
  mkdirSync(target);
  const restore = await settled(repository.restore(source, target));
  execFileSync("diff", ["--recursive", "--brief", days.second, repository.restored(source, target)], {
    stdio: "inherit",
  });
  return {
    tool: tool.name,
    first,
    second,
    restore,
    bytes: { first: bytesFirst, second: bytesSecond },
    ...(metadataFirst && metadataSecond
      ? { metadata: { first: metadataFirst, second: metadataSecond } }
      : {}),
  };
}

/** Measures when the disk has nothing left to write from what came before. */
async function settled(command: Parameters<typeof measure>[0]): Promise<Measurement> {
  execFileSync("sync");
  return await measure(command);
}

/** Gives the day's directory the source's name while the job runs. */
async function withSource<T>(day: string, source: string, job: () => Promise<T>): Promise<T> {
  renameSync(day, source);
  try {
    return await job();
  } finally {
    renameSync(source, day);
  }
}

function metadataOf(path: string): Metadata {
  return { bytes: metadataBytes(path), chunks: chunkCount(path) };
}
