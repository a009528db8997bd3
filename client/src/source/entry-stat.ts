/** Stats without an object per file, whoever fills them. */
import type { BigIntStats } from "node:fs";
import type { EntryType } from "@datadb/protocol";
import { deviceNumbers } from "../native/device.ts";
import type { EntryStat } from "../native/native.ts";

const BILLION = 1_000_000_000n;
const LOW = 0xffff_ffffn;

/** An empty stat, to be filled again and again. */
export function newStat(): EntryStat {
  return {
    mode: 0,
    links: 0,
    uid: 0,
    gid: 0,
    inodeLow: 0,
    inodeHigh: 0,
    deviceMajor: 0,
    deviceMinor: 0,
    size: 0,
    allocated: 0,
    mtimeSeconds: 0,
    mtimeNanos: 0,
    ctimeSeconds: 0,
    ctimeNanos: 0,
    major: 0,
    minor: 0,
  };
}

/** Fills a stat from node:fs, where there are no native calls. False when there is nothing to fill it from. */
export function fillStat(from: BigIntStats | undefined, stat: EntryStat): boolean {
  if (from === undefined) return false;
  const device = deviceNumbers(from.dev);
  const special = deviceNumbers(from.rdev);
  const fields: EntryStat = {
    mode: Number(from.mode),
    links: Number(from.nlink),
    uid: Number(from.uid),
    gid: Number(from.gid),
    inodeLow: Number(from.ino & LOW),
    inodeHigh: Number((from.ino >> 32n) & LOW),
    deviceMajor: device.major,
    deviceMinor: device.minor,
    size: Number(from.size),
    allocated: Number(from.blocks) * 512,
    mtimeSeconds: Number((from.mtimeNs - (((from.mtimeNs % BILLION) + BILLION) % BILLION)) / BILLION),
    mtimeNanos: Number(((from.mtimeNs % BILLION) + BILLION) % BILLION),
    ctimeSeconds: Number(from.ctimeNs / BILLION),
    ctimeNanos: Number(from.ctimeNs % BILLION),
    major: special.major,
    minor: special.minor,
  };
  Object.assign(stat, fields);
  return true;
}

/** What a meta can hold: the years 1677 to 2262. */
const [EARLIEST, LATEST] = [-(2n ** 63n), 2n ** 63n - 1n];

/** Modification time in nanoseconds since 1970; the nearest that a meta can hold when a file claims a stranger one. */
export function mtimeOf(stat: EntryStat): bigint {
  const time = BigInt(stat.mtimeSeconds) * BILLION + BigInt(stat.mtimeNanos);
  if (time < EARLIEST) return EARLIEST;
  return time > LATEST ? LATEST : time;
}

/** Change time in nanoseconds since 1970; 0 for the impossible ones before. */
export function ctimeOf(stat: EntryStat): bigint {
  return stat.ctimeSeconds < 0 ? 0n : BigInt(stat.ctimeSeconds) * BILLION + BigInt(stat.ctimeNanos);
}

// A map: the linter's fix for octal keys of an object changes their value.
const TYPES: ReadonlyMap<number, EntryType> = new Map([
  [0o100000, "file"],
  [0o040000, "directory"],
  [0o120000, "symlink"],
  [0o010000, "fifo"],
  [0o140000, "socket"],
  [0o020000, "character-device"],
  [0o060000, "block-device"],
]);

/** Undefined for what this system may add. */
export function typeOf(stat: EntryStat): EntryType | undefined {
  return TYPES.get(stat.mode & 0o170000);
}

/** What tells two files of this machine apart. */
export function identityOf(stat: EntryStat): string {
  return `${stat.deviceMajor}:${stat.deviceMinor}:${stat.inodeHigh}:${stat.inodeLow}`;
}

/** Whether nothing happened to a file between two stats. Reading does not change these. */
export function isSameState(a: EntryStat, b: EntryStat): boolean {
  return (
    a.size === b.size &&
    a.mtimeNanos === b.mtimeNanos &&
    a.ctimeNanos === b.ctimeNanos &&
    a.mtimeSeconds === b.mtimeSeconds &&
    a.ctimeSeconds === b.ctimeSeconds &&
    a.inodeLow === b.inodeLow &&
    a.inodeHigh === b.inodeHigh &&
    a.deviceMajor === b.deviceMajor &&
    a.deviceMinor === b.deviceMinor
  );
}
