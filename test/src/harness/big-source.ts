/** A source of hundreds of megabytes whose content is all new whenever a test wants it so. */
import { closeSync, mkdirSync, openSync, readdirSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import type { Random } from "./random.ts";

const MIB = 1024 * 1024;
const FILE_BYTES = 16 * MIB;
/** Far below the smallest chunk: no chunk stays as it was. */
const EDIT_EVERY_BYTES = 8 * 1024;
const SMALL_FILES = 400;

export interface BigSource {
  directory: string;
  /** Changes a few bytes of every 8 KiB, so that no chunk is one that a store knows. */
  renew(): void;
}

/** Makes the directory with files of this many bytes in all, half as large when compressed. */
export function makeBigSource(directory: string, bytes: number, random: Random): BigSource {
  mkdirSync(join(directory, "small"), { recursive: true });
  const content = Buffer.alloc(FILE_BYTES);
  for (let at = 0; at < FILE_BYTES; at += 64) {
    random.bytes(32).copy(content, at);
    content.write("the same words in every line ..\n", at + 32, "latin1");
  }
  for (let i = 0; i * FILE_BYTES < bytes; i++) writeFileSync(join(directory, `big-${i}`), content);
  for (let i = 0; i < SMALL_FILES; i++)
    writeFileSync(join(directory, "small", `${i}`), random.bytes(random.integer(4000)));
  const renew = (): void => {
    for (const name of readdirSync(directory)) {
      if (!name.startsWith("big-")) continue;
      const file = openSync(join(directory, name), "r+");
      for (let at = 0; at < FILE_BYTES; at += EDIT_EVERY_BYTES) {
        writeSync(file, random.bytes(8), 0, 8, at + random.integer(EDIT_EVERY_BYTES - 8));
      }
      closeSync(file);
    }
    for (let i = 0; i < SMALL_FILES; i += 7)
      writeFileSync(join(directory, "small", `${i}`), random.bytes(3000));
  };
  renew();
  return { directory, renew };
}
