/** datadb check: finds damage, names what it affects, and mends what can be mended. */
import type {
  CheckOptions,
  CheckProgress,
  CheckResult,
  Connection,
  Finding,
  RepairResult,
} from "@datadb/client";
import { UsageError } from "@datadb/protocol";
import { EXIT } from "../exit-code.ts";
import { formatCount, groupDigits } from "../output/format-count.ts";
import { formatDuration } from "../output/format-duration.ts";
import { formatSize } from "../output/format-size.ts";
import type { Output } from "../output/output.ts";
import { printable } from "../output/printable.ts";
import { withConnection } from "../store/with-connection.ts";
import type { Verb, VerbContext } from "../verb.ts";

export const check: Verb = {
  name: "check",
  summary: "Check that every backup can be restored, and repair what cannot",
  usage: "[--read-data[=PERCENT]] [--repair]",
  description: [
    "Checks the log, the index and the tree of every backup. With --read-data it also reads all content (or a part of it, " +
      "what was not verified for longest first) and compares it with its names; an interrupted run goes on where it " +
      "stopped. Damage is named down to backup, path and bytes.",
    "With --repair the store mends what it can by itself, takes what this machine's files and the PostgreSQL databases that were backed up " +
      "still have, and marks the backups that lack something for good. The bytes of damaged records are kept in blobs/damaged; nothing is deleted.",
  ],
  options: [
    {
      name: "read-data",
      value: "PERCENT",
      optionalValue: true,
      help: "read all content too, or PERCENT of it",
    },
    { name: "repair", help: "mend what can be mended, and mark the backups that lack something" },
  ],
  operands: { least: 0, most: 0 },
  examples: [
    { line: "datadb check", does: "Structure only: quick" },
    { line: "datadb check --read-data", does: "Everything" },
    { line: "datadb check --read-data=5", does: "A twentieth of the content, every time another one" },
    { line: "datadb check --read-data --repair", does: "Find all damage, and mend it" },
  ],
  exits: {
    [EXIT.incomplete]: "no damage was found, but members of a mirror could not be compared",
    [EXIT.damaged]: "the store is damaged: the findings say which backups and paths",
  },
  async run(context) {
    const percent = readPercent(context.arguments.text("read-data"));
    const repair = context.arguments.flag("repair");
    return withConnection(context, { job: "check", repair }, (connection) =>
      verify(context, connection, percent),
    );
  },
};

function readPercent(value: string | undefined): number {
  if (value === undefined) return 0;
  if (value === "") return 100;
  const percent = /^\d{1,3}(\.\d{1,4})?%?$/.test(value) ? Number.parseFloat(value) : Number.NaN;
  if (percent > 0 && percent <= 100) return percent;
  throw new UsageError(`--read-data is ${value}`, "give a percentage above 0 and up to 100");
}

async function verify(context: VerbContext, connection: Connection, percent: number): Promise<number> {
  const { output, signal, arguments: args, environment } = context;
  const started = performance.now();
  const client = await import("@datadb/client");
  const progress = output.progress("check");
  const options: CheckOptions = {
    signal,
    ...(percent > 0 ? { readData: percent } : {}),
    onProgress: (state) => progress.update(asProgress(state)),
  };
  let result: CheckResult | RepairResult;
  try {
    const host = environment["DATADB_HOST"];
    result = args.flag("repair")
      ? await client.repair(connection, {
          ...options,
          environment,
          ...(host ? { host } : {}),
          onNote: (text) => output.note(printable(text)),
        })
      : await client.check(connection, options);
  } finally {
    progress.done();
  }
  return present(output, result, (performance.now() - started) / 1000);
}

/** The phase that reads content counts bytes, the others records. */
function asProgress({ phase, done, total }: CheckProgress) {
  return phase === "data"
    ? { entries: 0, bytes: done, totalBytes: total, current: "content" }
    : { entries: done, bytes: 0, totalEntries: total, current: phase };
}

function present(output: Output, result: CheckResult | RepairResult, seconds: number): number {
  const { findings, count, mended, notes, backups, nodes, data, read, readBytes, uncompared } = result;
  for (const note of notes) {
    output.record({ type: "note", message: note });
    output.note(printable(note));
  }
  for (const finding of findings) presentFinding(output, finding);
  const looked = `checked ${formatCount(backups, "backup")}, ${formatCount(nodes, "node")}, ${formatCount(data, "data blob")}`;
  const verified = read > 0 ? `; read ${formatCount(read, "record")} (${formatSize(readBytes)})` : "";
  output.note(`${looked}${verified} in ${formatDuration(seconds)}`);
  const healed = "healed" in result ? result.healed : 0;
  const lost = "lost" in result ? result.lost : [];
  if (mended + healed > 0) output.line(`mended ${formatCount(mended + healed, "finding")}`);
  for (const { backup, paths } of lost) {
    output.record({ type: "lost", backup: backup.id, paths });
    output.error(`lost in backup ${backup.id.slice(0, 8)}: ${paths.map(printable).join(", ")}`);
  }
  if (count === 0) {
    const sound = mended + healed > 0 ? "no damage left" : "no damage found";
    output.line(
      uncompared === 0
        ? output.style("green", sound)
        : output.style("yellow", `${sound} in what could be reached, but ${notCompared(uncompared)}`),
    );
  } else {
    if (count > findings.length) output.error(`and ${groupDigits(count - findings.length)} more`);
    const unseen = uncompared === 0 ? "" : `, and ${notCompared(uncompared)}`;
    output.error(
      `the store is damaged: ${formatCount(count, "finding")}${unseen}\n  ${"lost" in result ? AFTER : NEXT}`,
    );
  }
  output.record({
    type: "summary",
    findings: count,
    mended,
    healed,
    ...{ backups, nodes, data, read, readBytes, uncompared, seconds },
  });
  if (count > 0) return EXIT.damaged;
  return uncompared === 0 ? EXIT.done : EXIT.incomplete;
}

function notCompared(members: number): string {
  return `${formatCount(members, "member of a mirror was", "members of mirrors were")} not compared: see datadb mirror status`;
}

const NEXT =
  "run datadb check --repair, restore the named packs from a copy, or run datadb snapshot again where the sources still exist: it stores anew what is missing";
const AFTER =
  "the backups named are marked as damaged, all else restores; datadb snapshot where the sources still exist stores anew what is missing, datadb rm removes a backup that is of no use any more";

function presentFinding(output: Output, finding: Finding): void {
  output.record({ type: "finding", ...finding });
  const affected = (finding.affected ?? []).flatMap(({ backup, places }) =>
    places.map(({ path, from, to, fromRow, toRow }) => {
      const bytes = from === undefined || to === undefined ? "" : `, bytes ${from} to ${to}`;
      const rows = fromRow === undefined || toRow === undefined ? "" : `, rows ${fromRow} to ${toRow}`;
      return `\n    backup ${backup.slice(0, 8)}: ${printable(path)}${bytes}${rows}`;
    }),
  );
  output.error(`${finding.what}: ${printable(finding.message)}${affected.join("")}`);
}
