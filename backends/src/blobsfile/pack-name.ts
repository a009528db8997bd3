/** Names of pack files: `blobs-00001`, `nodes-00001`, `log-00001`. */
import type { RecordKind } from "@datadb/protocol";

const PREFIX: Record<RecordKind, string> = { data: "blobs", node: "nodes", log: "log" };
const PATTERN = /^(blobs|nodes|log)-(\d{5,})$/;

/** The file name of a pack; numbers begin at 1 and have five digits or more. */
export function packName(kind: RecordKind, pack: number): string {
  return `${PREFIX[kind]}-${String(pack).padStart(5, "0")}`;
}

/** Kind and number of a pack's file name; null for any other file. */
export function parsePackName(file: string): { kind: RecordKind; pack: number } | null {
  const [, prefix, digits] = PATTERN.exec(file) ?? [];
  const kind = (Object.keys(PREFIX) as RecordKind[]).find((candidate) => PREFIX[candidate] === prefix);
  if (kind === undefined || digits === undefined) return null;
  const pack = Number(digits);
  // `blobs-000001` would be a second name for pack 1.
  return packName(kind, pack) === file ? { kind, pack } : null;
}
