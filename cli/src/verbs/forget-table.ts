/** What becomes of the backups of one source, for people. */
import type { SeriesDecision } from "@datadb/client";
import { alignColumns } from "../output/align-columns.ts";
import { formatTimeAt } from "../output/format-time.ts";
import { printable } from "../output/printable.ts";

/**
 * One line a backup; none for those that are kept, unless `all` are wanted. `offsetMs`: of the zone that periods are counted in,
 * so that the times explain the reasons.
 */
export function forgetTable(
  { decisions }: Pick<SeriesDecision, "decisions">,
  all: boolean,
  offsetMs: (instant: number) => number,
): string[] {
  const shown = decisions.filter(({ reasons }) => all || reasons.length === 0);
  const rows = shown.map(({ backup, reasons }) => {
    const time = new Date(backup.time);
    return [
      reasons.length > 0 ? "  keep" : "  remove",
      backup.id.slice(0, 8),
      formatTimeAt(time, offsetMs(time.getTime())),
      printable(reasons.join(", ")),
    ];
  });
  return alignColumns(rows).map((line) => line.trimEnd());
}
