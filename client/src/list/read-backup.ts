/** From the fields of a backup to its typed form. */
import type { Backup } from "./backup.ts";

/** Fields that are absent get what an old or foreign writer would mean: complete, no tags, named after the path. */
export function readBackup(fields: ReadonlyMap<string, string>): Backup {
  const text = (...names: string[]): string =>
    names.map((name) => fields.get(name)).find((v) => v !== undefined) ?? "";
  const path = text("path");
  return {
    id: text("id"),
    snapshot: text("snapshot"),
    name: fields.get("name") ?? path.split("/").findLast((part) => part !== "") ?? path,
    host: text("hostname", "host"),
    path,
    time: text("ts", "time"),
    type: text("type") || "directory",
    source: text("source") || "files",
    ref: text("ref"),
    size: Number(text("size") || 0),
    entries: Number(text("entries") || 0),
    complete: text("complete") !== "0",
    unreadable: parseJson<string[]>(fields.get("unreadable"), []),
    unreadableCount: Number(text("unreadable-count") || 0),
    meta: parseJson<Record<string, unknown>>(fields.get("meta"), {}),
    tags: parseJson<string[]>(fields.get("tags"), []),
    lost: parseJson<string[]>(fields.get("lost"), []),
    pinned: text("pinned") === "1",
    fields: Object.fromEntries(fields),
  };
}

/** Any client may have written the field: what does not parse, or is of another kind, is as good as absent. */
function parseJson<T>(text: string | undefined, absent: T): T {
  if (text === undefined || text === "") return absent;
  try {
    const value: unknown = JSON.parse(text);
    const kind =
      Array.isArray(value) === Array.isArray(absent) && typeof value === typeof absent && value !== null;
    return kind ? (value as T) : absent;
  } catch {
    return absent;
  }
}
