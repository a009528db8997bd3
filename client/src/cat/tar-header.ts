/** Headers of a tar stream: POSIX ustar, with a pax header before it for whatever does not fit. */
import type { Meta } from "@datadb/protocol";

const BLOCK = 512;
const TYPE_FLAG: Partial<Record<Meta["type"], string>> = {
  file: "0",
  symlink: "2",
  "character-device": "3",
  "block-device": "4",
  directory: "5",
  fifo: "6",
};
/** The greatest number of an octal field of 8 and of 12 bytes. */
const OCTAL_8 = 0o7777777;
const OCTAL_12 = 0o77777777777;

export interface TarEntry {
  /** Path in the archive; a directory's ends with a slash. */
  path: Buffer;
  meta: Meta;
  /** Path of an earlier entry that this one is a hard link to. */
  linkTo?: Buffer | undefined;
}

/** The header blocks of one entry; null for what tar cannot hold (sockets). */
export function tarHeader({ path, meta, linkTo }: TarEntry): Buffer | null {
  const flag = linkTo === undefined ? TYPE_FLAG[meta.type] : "1";
  if (flag === undefined) return null;
  const target = linkTo ?? meta.target ?? Buffer.alloc(0);
  const size = meta.type === "file" && linkTo === undefined ? meta.size : 0;
  const records = paxRecords(path, meta, target, size);
  const header = ustar(path, meta, target, size, flag);
  if (records.length === 0) return header;
  const extended = ustar(
    Buffer.from("PaxHeaders/entry"),
    { ...meta, mode: 0o644, mtime: 0n },
    Buffer.alloc(0),
    records.length,
    "x",
  );
  return Buffer.concat([extended, records, padding(records.length), header]);
}

/** Zeros up to the next block. */
export function padding(length: number): Buffer {
  return Buffer.alloc((BLOCK - (length % BLOCK)) % BLOCK);
}

/** What ends an archive. */
export function tarEnd(): Buffer {
  return Buffer.alloc(2 * BLOCK);
}

function paxRecords(path: Buffer, meta: Meta, target: Buffer, size: number): Buffer {
  const records: Buffer[] = [];
  const add = (key: string | Buffer, value: string | Buffer): void =>
    void records.push(paxRecord(key, value));
  const text = [path, target].every((name) => isText(name));
  if (!text) add("hdrcharset", "BINARY");
  if (path.length > 100 || !isAscii(path)) add("path", path);
  if (target.length > 100 || !isAscii(target)) add("linkpath", target);
  if (size > OCTAL_12) add("size", String(size));
  if (meta.uid > OCTAL_8) add("uid", String(meta.uid));
  if (meta.gid > OCTAL_8) add("gid", String(meta.gid));
  if (meta.mtime < 0n || meta.mtime % 1_000_000_000n !== 0n) add("mtime", seconds(meta.mtime));
  for (const { name, value } of meta.xattrs ?? [])
    add(Buffer.concat([Buffer.from("SCHILY.xattr."), name]), value);
  return Buffer.concat(records);
}

/** `length key=value\n`, where the length counts its own digits. */
function paxRecord(key: string | Buffer, value: string | Buffer): Buffer {
  const rest = Buffer.concat([
    Buffer.from(" "),
    Buffer.from(key),
    Buffer.from("="),
    Buffer.from(value),
    Buffer.from("\n"),
  ]);
  let length = rest.length + String(rest.length).length;
  if (String(length).length > String(rest.length).length) length++;
  return Buffer.concat([Buffer.from(String(length)), rest]);
}

function seconds(mtime: bigint): string {
  const sign = mtime < 0n ? "-" : "";
  const whole = mtime < 0n ? -mtime : mtime;
  const fraction = String(whole % 1_000_000_000n).padStart(9, "0");
  return `${sign}${whole / 1_000_000_000n}.${fraction}`;
}

function ustar(path: Buffer, meta: Meta, target: Buffer, size: number, flag: string): Buffer {
  const block = Buffer.alloc(BLOCK);
  const octal = (value: number, at: number, width: number, most: number): void => {
    const text = (value >= 0 && value <= most ? value : 0).toString(8).padStart(width - 1, "0");
    block.write(text, at, "latin1");
  };
  path.copy(block, 0, 0, 100);
  octal(meta.mode, 100, 8, OCTAL_8);
  octal(meta.uid, 108, 8, OCTAL_8);
  octal(meta.gid, 116, 8, OCTAL_8);
  octal(size, 124, 12, OCTAL_12);
  octal(Number(meta.mtime / 1_000_000_000n), 136, 12, OCTAL_12);
  block.write(flag, 156);
  target.copy(block, 157, 0, 100);
  block.write("ustar\0" + "00", 257, "latin1");
  block.write((meta.user ?? "").slice(0, 31), 265);
  block.write((meta.group ?? "").slice(0, 31), 297);
  octal(meta.device?.major ?? 0, 329, 8, OCTAL_8);
  octal(meta.device?.minor ?? 0, 337, 8, OCTAL_8);
  // The checksum is taken with spaces in its own field.
  block.fill(" ", 148, 156);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148, "latin1");
  return block;
}

function isAscii(name: Buffer): boolean {
  return name.every((byte) => byte < 0x80);
}

function isText(name: Buffer): boolean {
  return isAscii(name) || Buffer.from(name.toString()).equals(name);
}
