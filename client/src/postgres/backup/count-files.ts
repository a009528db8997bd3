/** Counts which files of a database's backup are new, changed or as they were. */
import type { WalkReport } from "../../source/walk-report.ts";
import type { BackupFiles } from "./backup-files.ts";
import type { PreviousTables } from "./previous-tables.ts";

export function countFiles({ files }: BackupFiles, previous: PreviousTables, report: WalkReport): void {
  for (const [path, file] of files) {
    const before = previous.files.get(path);
    if (before === undefined) report.counts.new++;
    else if (file.bytes === before.size && sameContent(file.ref, before)) report.counts.unchanged++;
    else report.counts.changed++;
  }
}

function sameContent(
  a: { chunk?: Buffer | undefined; list?: Buffer | undefined },
  b: { chunk?: Buffer | undefined; list?: Buffer | undefined },
): boolean {
  const same = (one: Buffer | undefined, other: Buffer | undefined): boolean =>
    one === undefined ? other === undefined : other !== undefined && one.equals(other);
  return same(a.chunk, b.chunk) && same(a.list, b.list);
}
