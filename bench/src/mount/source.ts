/** What is backed up and then looked at through mounts: many small files, one large directory, large files. */
import { closeSync, mkdirSync, openSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { randomOf } from "../workload/random.ts";
import { writeSmallFiles } from "../workload/small-files.ts";

export interface MountSource {
  directory: string;
  /** Entries of `flat/`. */
  flat: number;
  /** Files below `tree/`. */
  tree: number;
  /** Bytes of each of the four files in `large/`. */
  large: number;
}

const FLAT = 100_000;
const TREE = 37_000;
const LARGE = 512 << 20;
const BLOCK = 1 << 20;

/** Generated anew: the same for the same scale. */
export function writeMountSource(directory: string, scale: number): MountSource {
  const source = {
    directory,
    flat: Math.ceil(FLAT * scale),
    tree: Math.ceil(TREE * scale),
    large: Math.ceil((LARGE * scale) / BLOCK) * BLOCK,
  };
  writeSmallFiles(join(directory, "tree"), source.tree);
  mkdirSync(join(directory, "flat"), { recursive: true });
  for (let i = 0; i < source.flat; i++) writeFileSync(join(directory, "flat", `entry-${i}.txt`), `${i}\n`);
  mkdirSync(join(directory, "large"), { recursive: true });
  for (let file = 0; file < 4; file++)
    writeLarge(join(directory, "large", `${file}.bin`), source.large, file);
  return source;
}

/** Half of it compresses. */
function writeLarge(path: string, bytes: number, file: number): void {
  const fd = openSync(path, "w");
  const block = Buffer.alloc(BLOCK);
  for (let at = 0; at < bytes; at += BLOCK) {
    const random = randomOf(31 + file, at / BLOCK, 0);
    for (let word = 0; word < BLOCK; word += 8) block.writeInt32LE(random.integer(2 ** 31 - 1), word);
    writeSync(fd, block);
  }
  closeSync(fd);
}
