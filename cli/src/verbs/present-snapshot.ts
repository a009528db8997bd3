/** Tells what came of a snapshot. */
import type { SnapshotSummary } from "@datadb/client";
import { EXIT } from "../exit-code.ts";
import { formatCount, groupDigits } from "../output/format-count.ts";
import { formatDuration } from "../output/format-duration.ts";
import { formatSize } from "../output/format-size.ts";
import type { Output } from "../output/output.ts";
import { printable } from "../output/printable.ts";

/** Returns the exit code. `source`: the only SOURCE, which paths of problems are below; absent when there are several. */
export function presentSnapshot(output: Output, summary: SnapshotSummary, source?: string): number {
  for (const { path, reason, kind } of summary.problems) {
    const bytes = Buffer.from(path, "latin1");
    output.record({ type: "problem", path: bytes.toString(), kind, reason });
    const below = [source, printable(bytes)].filter((part) => part !== undefined && part !== "");
    output.error(`${below.join("/").replace(/^\/\//, "/") || printable(summary.path)}: ${printable(reason)}`);
  }
  if (summary.toRead) presentDryRun(output, summary, summary.toRead);
  else presentBackup(output, summary);
  output.record(snapshotRecord(summary));
  return summary.problems.length === 0 ? EXIT.done : EXIT.incomplete;
}

function presentBackup(output: Output, summary: SnapshotSummary): void {
  const { backup, host, name, entries, bytes, size, seconds, complete, unreadable, changedWhileRead } =
    summary;
  const all = entries.new + entries.changed + entries.unchanged;
  output.note(
    `${output.style("bold", `backup ${backup?.slice(0, 8)}`)} of ${printable(`${host}/${name}`)}: ` +
      `${formatCount(all, "entry", "entries")}, ${formatSize(size)} in ${formatDuration(seconds)}`,
  );
  output.note(
    `  ${groupDigits(entries.new)} new, ${groupDigits(entries.changed)} changed, ${groupDigits(entries.unchanged)} unchanged; ` +
      `read ${formatSize(bytes.read)}; ${formatSize(bytes.new)} new to the store${bytes.stored > 0 ? `, stored as ${formatSize(bytes.stored)}` : ""}`,
  );
  const problems = [
    ...(unreadable > 0 ? [`${formatCount(unreadable, "entry", "entries")} could not be read`] : []),
    ...(changedWhileRead > 0 ? [`${formatCount(changedWhileRead, "file")} changed while being read`] : []),
  ];
  if (problems.length === 0) return;
  output.error(`the backup is ${complete ? "made, with doubts" : "incomplete"}: ${problems.join(", ")}`);
}

function presentDryRun(
  output: Output,
  { entries, problems }: SnapshotSummary,
  toRead: readonly string[],
): void {
  for (const path of toRead) {
    const bytes = Buffer.from(path, "latin1");
    output.line(printable(bytes));
    output.record({ type: "file", path: bytes.toString() });
  }
  const { new: added, changed, unchanged } = entries;
  output.note(
    `would read ${formatCount(toRead.length, "file")}: ${groupDigits(added)} new, ${groupDigits(changed)} changed, ` +
      `${groupDigits(unchanged)} unchanged entries${problems.length > 0 ? `, ${problems.length} unreadable` : ""}`,
  );
}

/** The summary as --json shows it. Programs rely on these names: add, never rename. */
function snapshotRecord(summary: SnapshotSummary): Record<string, unknown> {
  const {
    backup,
    snapshot,
    name,
    host,
    path,
    source,
    time,
    complete,
    entries,
    bytes,
    size,
    seconds,
    unreadable,
    toRead,
  } = summary;
  return {
    type: "summary",
    backup,
    snapshot,
    name,
    host,
    path,
    source,
    time,
    complete,
    entries,
    bytes,
    size,
    unreadable,
    ...(toRead ? { dryRun: true } : {}),
    seconds,
  };
}
