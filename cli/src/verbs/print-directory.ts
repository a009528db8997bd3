/** Prints the entries of a directory in a backup, as `ls -l` would, or as records. */
import type { Connection, Selector } from "@datadb/client";
import type { Meta } from "@datadb/protocol";
import { EXIT } from "../exit-code.ts";
import { alignColumns } from "../output/align-columns.ts";
import { formatMode } from "../output/format-mode.ts";
import { formatSize } from "../output/format-size.ts";
import { formatTime } from "../output/format-time.ts";
import { printable } from "../output/printable.ts";
import type { VerbContext } from "../verb.ts";
import { entryRecord } from "./entry-record.ts";

/** Lines that are aligned together: a directory of a million entries must neither wait for its end nor fill memory. */
const PAGE = 1000;
const SIZE_COLUMN = [3];

export async function printDirectory(
  { output, signal }: VerbContext,
  connection: Connection,
  selector: Selector,
): Promise<number> {
  const { listDirectory, resolveSelector } = await import("@datadb/client");
  const backup = await resolveSelector(connection, selector);
  let rows: string[][] = [];
  let entries = 0;
  const flush = (): void => {
    for (const line of alignColumns(rows, SIZE_COLUMN)) output.line(line);
    rows = [];
  };
  for await (const meta of listDirectory(connection, backup, selector.path ?? "")) {
    signal.throwIfAborted();
    entries++;
    if (output.json) output.record(entryRecord(selector.path ?? "", meta));
    else if (rows.push(row(meta)) === PAGE) flush();
  }
  flush();
  output.record({ type: "summary", backup: backup.id, path: selector.path ?? "", entries });
  return EXIT.done;
}

function row(meta: Meta): string[] {
  const { name, type, size, mtime, target } = meta;
  const shown =
    printable(name) + (type === "directory" ? "/" : "") + (target ? ` -> ${printable(target)}` : "");
  return [
    formatMode(type, meta.mode),
    printable(meta.user ?? String(meta.uid)),
    printable(meta.group ?? String(meta.gid)),
    type === "file" || type === "directory" ? formatSize(size) : "-",
    formatTime(new Date(Number(mtime / 1_000_000n))),
    shown,
  ];
}
