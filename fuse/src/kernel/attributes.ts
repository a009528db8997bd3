/** The attributes of one entry as the kernel takes them: 88 bytes. */
import type { EntryType, Meta } from "@datadb/protocol";

const TYPE_BITS: Readonly<Record<EntryType, number>> = {
  file: 0o100000,
  directory: 0o040000,
  symlink: 0o120000,
  fifo: 0o010000,
  socket: 0o140000,
  "character-device": 0o020000,
  "block-device": 0o060000,
};
const TWO_32 = 2 ** 32;
const SECOND = 1_000_000_000n;
const BLOCK = 4096;
/** Directories have no size of their own here. */
const DIRECTORY_SIZE = 4096;

/** What of a meta the attributes are made of. */
export type AttributeSource = Pick<
  Meta,
  "type" | "mode" | "uid" | "gid" | "mtime" | "size" | "device" | "target" | "link"
>;

/**
 * Writes the 88 bytes as 22 words from index `at` on; the inode's number is given as two halves. Words are in the machine's
 * byte order, which is the kernel's.
 */
export function writeAttributes(
  words: Uint32Array,
  at: number,
  meta: AttributeSource,
  inodeLow: number,
  inodeHigh: number,
): void {
  const size = sizeOf(meta);
  words[at] = inodeLow;
  words[at + 1] = inodeHigh;
  writeWide(words, at + 2, size);
  writeWide(words, at + 4, Math.ceil(size / BLOCK) * (BLOCK / 512));
  let nanoseconds = Number(meta.mtime % SECOND);
  if (nanoseconds < 0) nanoseconds += 1e9;
  const seconds = Number((meta.mtime - BigInt(nanoseconds)) / SECOND);
  for (let time = 0; time < 3; time++) {
    writeWide(words, at + 6 + time * 2, seconds);
    words[at + 12 + time] = nanoseconds;
  }
  words[at + 15] = TYPE_BITS[meta.type] | (meta.mode & 0o7777);
  words[at + 16] = linksOf(meta);
  words[at + 17] = meta.uid;
  words[at + 18] = meta.gid;
  words[at + 19] = deviceOf(meta);
  words[at + 20] = BLOCK;
  words[at + 21] = 0;
}

/** A whole number of at most 53 bits, also a negative one, as two words. */
function writeWide(words: Uint32Array, at: number, value: number): void {
  words[at] = value % TWO_32;
  words[at + 1] = Math.floor(value / TWO_32);
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
