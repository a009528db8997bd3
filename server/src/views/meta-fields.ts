/** A meta as HGETALL shows it: fields and texts, in a fixed order, absent ones left out. */
import { formatHex, type Meta } from "@datadb/protocol";

export function metaFields(meta: Meta): [string, Buffer][] {
  const fields: [string, string | Buffer | undefined][] = [
    ["name", meta.name],
    ["type", meta.type],
    ["size", String(meta.size)],
    ["mode", meta.mode.toString(8).padStart(4, "0")],
    ["mtime", nanosecondTime(meta.mtime)],
    ["uid", String(meta.uid)],
    ["gid", String(meta.gid)],
    ["user", meta.user],
    ["group", meta.group],
    ["ref", reference(meta)],
    ["entries", meta.entries === undefined ? undefined : String(meta.entries)],
    ["target", meta.target],
    ["device", meta.device === undefined ? undefined : `${meta.device.major}:${meta.device.minor}`],
    ["link", meta.link],
    ["source", meta.source],
    ...(meta.xattrs ?? []).map(({ name, value }): [string, Buffer] => [`xattr.${name.toString()}`, value]),
  ];
  return fields.flatMap(([name, value]) =>
    value === undefined ? [] : [[name, Buffer.from(value as string)]],
  );
}

/** What the content is under: the chunk, the list or the directory. Empty content has none. */
function reference({ chunk, list, directory }: Meta): string | undefined {
  const name = chunk ?? list ?? directory;
  return name === undefined ? undefined : formatHex(name);
}

/** RFC 3339 in UTC with all nine decimals; outside of the years 0 to 9999 seconds since 1970. */
function nanosecondTime(mtime: bigint): string {
  const nanoseconds = ((mtime % 1_000_000_000n) + 1_000_000_000n) % 1_000_000_000n;
  const seconds = (mtime - nanoseconds) / 1_000_000_000n;
  const decimals = nanoseconds.toString().padStart(9, "0");
  if (seconds < -62_167_219_200n || seconds > 253_402_300_799n) return `${seconds}.${decimals}`;
  return `${new Date(Number(seconds) * 1000).toISOString().slice(0, 19)}.${decimals}Z`;
}
