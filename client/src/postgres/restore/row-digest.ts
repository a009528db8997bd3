/** A hash of a table's rows, by which what was sent and what is read back are compared. */
import { createHash } from "node:crypto";
import type { TableManifest } from "../manifest/manifest.ts";

export interface RowDigest {
  /** Bytes of rows, cut anywhere. */
  update(bytes: Buffer): void;
  digest(): string;
}

/** From here on a table is worth a transaction and a file of its own: it is emptied, then filled from its beginning to its end. */
const LARGE_BYTES = 1 << 20;

export function isLarge({ bytes, format, kind }: TableManifest): boolean {
  return (kind === "table" || kind === "partition") && (bytes >= LARGE_BYTES || format === "binary");
}

/**
 * A large table gives its rows in the order in which it took them. A small one may put a row where there is room: its rows are
 * compared as a sorted set.
 */
export function rowDigest(table: TableManifest): RowDigest {
  const hash = createHash("sha256");
  if (isLarge(table)) return { update: (bytes) => hash.update(bytes), digest: () => hash.digest("hex") };
  const parts: Buffer[] = [];
  return {
    update: (bytes) => parts.push(Buffer.from(bytes)),
    digest: () => {
      const rows = Buffer.concat(parts).toString("latin1").split("\n").sort();
      return hash.update(rows.join("\n"), "latin1").digest("hex");
    },
  };
}
