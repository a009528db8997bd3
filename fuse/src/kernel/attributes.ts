/** The attributes of one entry as the kernel takes them: 88 bytes. */
import type { EntryType, Meta } from "@datadb/protocol";
import { writeNumber } from "./reply.ts";

const TYPE_BITS: Readonly<Record<EntryType, number>> = {
  file: 0o100000,
  directory: 0o040000,
  symlink: 0o120000,
  fifo: 0o010000,
  socket: 0o140000,
  "character-device": 0o020000,
  "block-device": 0o060000,
};
const SECOND = 1_000_000_000n;
const BLOCK = 4096;
/** Directories have no size of their own here. */
const DIRECTORY_SIZE = 4096;

/** What of a meta the attributes are made of. */
export type AttributeSource = Pick<
  Meta,
  "type" | "mode" | "uid" | "gid" | "mtime" | "size" | "device" | "target" | "link"
>;

/** Writes the 88 bytes at `at`; the inode's number is given as two halves. */
export function writeAttributes(
  bytes: Buffer,
  at: number,
  meta: AttributeSource,
  inodeLow: number,
  inodeHigh: number,
): void {
  const size = sizeOf(meta);
  bytes.writeUInt32LE(inodeLow, at);
  bytes.writeUInt32LE(inodeHigh, at + 4);
  writeNumber(bytes, size, at + 8);
  writeNumber(bytes, Math.ceil(size / BLOCK) * (BLOCK / 512), at + 16);
  const nanoseconds = Number(((meta.mtime % SECOND) + SECOND) % SECOND);
  const seconds = BigInt.asUintN(64, (meta.mtime - BigInt(nanoseconds)) / SECOND);
  for (let time = 0; time < 3; time++) {
    bytes.writeBigUInt64LE(seconds, at + 24 + time * 8);
    bytes.writeUInt32LE(nanoseconds, at + 48 + time * 4);
  }
  bytes.writeUInt32LE((TYPE_BITS[meta.type] | (meta.mode & 0o7777)) >>> 0, at + 60);
  bytes.writeUInt32LE(linksOf(meta), at + 64);
  bytes.writeUInt32LE(meta.uid >>> 0, at + 68);
  bytes.writeUInt32LE(meta.gid >>> 0, at + 72);
  bytes.writeUInt32LE(deviceOf(meta), at + 76);
  bytes.writeUInt32LE(BLOCK, at + 80);
  bytes.writeUInt32LE(0, at + 84);
}

function sizeOf({ type, size, target }: AttributeSource): number {
  if (type === "file") return size;
  if (type === "symlink") return target?.length ?? 0;
  return type === "directory" ? DIRECTORY_SIZE : 0;
}

/**
 * How many names a hard-linked file has is not recorded, only that there are others: 2. A directory's 1 tells programs that
 * its links do not count subdirectories.
 */
function linksOf({ type, link }: AttributeSource): number {
  return type !== "directory" && link !== undefined ? 2 : 1;
}

/** The kernel's 32-bit packing: 12 bits of major, 20 of minor. */
function deviceOf({ device }: AttributeSource): number {
  if (device === undefined) return 0;
  const { major, minor } = device;
  return ((minor & 0xff) | ((major & 0xfff) << 8) | ((minor & ~0xff) << 12)) >>> 0;
}
