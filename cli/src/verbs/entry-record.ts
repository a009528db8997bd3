/** An entry of a backup as --json shows it. Programs rely on these names: add, never rename. */
import type { Meta } from "@datadb/protocol";

/** `directory` is the path of the directory that the entry was found in. */
export function entryRecord(directory: string, meta: Meta): Record<string, unknown> {
  return pathRecord(Buffer.concat([Buffer.from(directory === "" ? "" : `${directory}/`), meta.name]), meta);
}

/** `path64` has the exact bytes in base64 when the path is no UTF-8. */
export function pathRecord(path: Buffer, meta: Meta): Record<string, unknown> {
  const { type, size, mode, uid, gid, user, group, mtime, target } = meta;
  return {
    type: "entry",
    path: path.toString(),
    ...(Buffer.from(path.toString()).equals(path) ? {} : { path64: path.toString("base64") }),
    kind: type,
    size,
    mode: mode.toString(8).padStart(4, "0"),
    uid,
    gid,
    ...(user === undefined ? {} : { user }),
    ...(group === undefined ? {} : { group }),
    mtime: new Date(Number(mtime / 1_000_000n)).toISOString(),
    ...(target === undefined ? {} : { target: target.toString() }),
  };
}
