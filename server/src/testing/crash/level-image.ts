/**
 * What a power cut may leave of a LevelDB. Its tables, manifest and CURRENT are synced by LevelDB itself before anything relies on
 * them; its log is synced only by writes that ask for it. So the files are copied as they are, and the log is cut anywhere
 * behind the last such write, or filled with zeros from there.
 */
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Random } from "@datadb/backends/suite";
import { ClassicLevel } from "classic-level";

/** Bytes of a log that are durable, by path. */
const synced = new Map<string, number>();

function logsOf(location: string): string[] {
  return readdirSync(location)
    .filter((name) => name.endsWith(".log"))
    .sort()
    .map((name) => join(location, name));
}

function noteSync(location: string): void {
  const last = logsOf(location).at(-1);
  if (last !== undefined) synced.set(last, statSync(last).size);
}

type Work = (this: { location: string }, ...args: unknown[]) => Promise<unknown>;

/** From now on notes what each write with `sync` made durable, in every LevelDB of this process. */
export function watchLevelSyncs(): void {
  const prototype = ClassicLevel.prototype as unknown as Record<string, Work>;
  for (const method of ["_put", "_del", "_batch"]) {
    const original = prototype[method] as Work;
    prototype[method] = async function watched(...args) {
      const result = await original.apply(this, args);
      const options = args.at(-1) as { sync?: boolean };
      if (options.sync === true) noteSync(this.location);
      return result;
    };
  }
  watchChainedBatches(prototype as unknown as { _chainedBatch(): ChainedBatch; location: string });
}

interface ChainedBatch {
  _write(options: { sync?: boolean }): Promise<void>;
}

/** A chained batch writes past the methods of its database. */
function watchChainedBatches(prototype: { _chainedBatch(): ChainedBatch; location: string }): void {
  const original = prototype._chainedBatch;
  prototype._chainedBatch = function watched() {
    const batch = original.call(this);
    const write = batch._write;
    batch._write = async (options) => {
      await write.call(batch, options);
      if (options.sync === true) noteSync(this.location);
    };
    return batch;
  };
}

/** The files of one LevelDB at one moment. */
export interface LevelImage {
  readonly files: ReadonlyMap<string, Buffer>;
  /** The log that is written to, and how much of it is durable. */
  readonly log: string | undefined;
  readonly durable: number;
}

/** Reads them. */
export function levelImage(location: string): LevelImage {
  const path = logsOf(location).at(-1);
  const files = new Map<string, Buffer>();
  for (const name of readdirSync(location))
    if (name !== "LOCK" && !name.startsWith("LOG")) files.set(name, readFileSync(join(location, name)));
  return {
    files,
    log: path?.slice(location.length + 1),
    durable: path === undefined ? 0 : (synced.get(path) ?? 0),
  };
}

function cutLog(log: Buffer, durable: number, random: Random): Buffer {
  const unsynced = log.length - Math.min(durable, log.length);
  const end = log.length - unsynced + random.pick([0, unsynced, random.integer(unsynced + 1)]);
  if (random.integer(3) > 0) return log.subarray(0, end);
  // The length reached the disk, and the bytes did not.
  return Buffer.concat([log.subarray(0, end), Buffer.alloc(log.length - end)]);
}

/** Writes one of the states that a power cut may leave into a new directory. */
export function writeLevelState(image: LevelImage, location: string, random: Random): void {
  mkdirSync(location, { recursive: true });
  for (const [name, content] of image.files)
    writeFileSync(
      join(location, name),
      name === image.log ? cutLog(content, image.durable, random) : content,
    );
}
