/** datadb restore: writes a backup, or a part of it, back to disk. */
import { readdirSync, statSync } from "node:fs";
import type { Connection, RestoreSummary } from "@datadb/client";
import { EXIT } from "../exit-code.ts";
import { ask } from "../output/ask.ts";
import { formatCount, groupDigits } from "../output/format-count.ts";
import { formatDuration } from "../output/format-duration.ts";
import { formatSize } from "../output/format-size.ts";
import { printable } from "../output/printable.ts";
import { withConnection } from "../store/with-connection.ts";
import type { Verb, VerbContext } from "../verb.ts";
import { announce } from "./announce-restore.ts";
import { JOBS_OPTION, MAX_JOBS, YES_OPTION } from "./backup-options.ts";
import { readSelection, type Selection } from "./read-selection.ts";
import { DATABASE_OPTIONS, refuseOtherOptions, restoreToDatabase } from "./restore-to-database.ts";
import { POLL_OPTION, TIER_OPTION, thawBackup } from "./thaw-backup.ts";

export const restoreVerb: Verb = {
  name: "restore",
  summary: "Restore a backup, or a part of it, into a directory or a database",
  usage: "[OPTION]... SELECTOR[:PATH] DESTINATION",
  description: [
    "What the backed-up directory contained lands directly in DESTINATION, which is made when it is absent. Modes, owners, " +
      "times, extended attributes, ACLs, hard links and holes come back as they were. Every byte is verified, a file gets " +
      "its name only when it is complete, and nothing is ever written outside DESTINATION.",
    "A backup of a database also restores into the database of a URL. One that is missing is made, as it was; it gets its " +
      "name when everything is there and compared. SELECTOR:SCHEMA/TABLE restores one table with what it needs into a database " +
      "that is in use, in one transaction.",
  ],
  options: [
    {
      name: "overwrite",
      help: "replace what is in the way (files that are the same already stay untouched)",
    },
    YES_OPTION,
    { name: "no-owner", help: "let everything belong to the user who restores" },
    JOBS_OPTION,
    {
      name: "wait",
      value: "TIME",
      help: "retrieve what lies in a cold storage class or in Glacier, and stay for at most so long until it has come",
      completes: "nothing",
    },
    TIER_OPTION,
    POLL_OPTION,
    ...DATABASE_OPTIONS,
  ],
  operands: { least: 2, most: 2, completes: "backup" },
  examples: [
    { line: "datadb restore documents /tmp/documents", does: "The newest backup of a name" },
    {
      line: "datadb restore documents@2026-11-19:letters /tmp/letters",
      does: "A directory as it was on that day",
    },
    {
      line: "datadb restore --overwrite --yes documents ~/documents",
      does: "Back to its place, from a script",
    },
    {
      line: "datadb restore app@2026-11-19 postgres:///app_yesterday",
      does: "A database as it was on that day, beside the one in use",
    },
    {
      line: "datadb restore --rename account_old app:public/account postgres:///app",
      does: "One table under another name",
    },
    {
      line: "datadb restore --wait 12h --tier bulk --yes documents /tmp/documents",
      does: "From cold storage, when it has come",
    },
  ],
  exits: {
    [EXIT.incomplete]:
      "restored, except for entries that are named; or not begun, since what is cold has not come yet: run the same command again later",
    [EXIT.notFound]: "no such backup, path or database",
    [EXIT.damaged]: "the store lacks content or has damaged content; what it affects is named",
  },
  run: (context) =>
    withConnection(context, { job: "restore" }, (connection) => restoreSelection(context, connection)),
};

async function restoreSelection(context: VerbContext, connection: Connection): Promise<number> {
  const { arguments: args, output, signal } = context;
  const [selector, destination] = args.operands as [string, string];
  const { isPostgresUrl } = await import("@datadb/client");
  const toDatabase = isPostgresUrl(destination);
  refuseOtherOptions(args, toDatabase);
  const selection = await readSelection(connection, selector);
  const readable = await thaw(context, connection, selection);
  if (readable !== EXIT.done) return readable;
  if (toDatabase) return await restoreToDatabase(context, connection, selection, destination);
  announce(context, selection, destination);
  const overwrite = args.flag("overwrite");
  if (overwrite && holdsSomething(destination)) {
    if (!(await ask(context, `replace what is in the way in ${printable(destination)}`))) {
      output.note("nothing was restored");
      return EXIT.failed;
    }
  }
  const jobs = args.number("jobs", 1, MAX_JOBS);
  const { restore } = await import("@datadb/client");
  const progress = output.progress("restore");
  try {
    const summary = await restore(connection, selection.backup, selection.path ?? "", destination, {
      overwrite,
      owners: args.flag("no-owner") ? "none" : "restore",
      ...(jobs ? { jobs } : {}),
      signal,
      onProgress: (state) => progress.update(state),
      onWarning: (text) => output.warn(printable(text)),
    });
    progress.done();
    return presentSummary(context, selection, summary);
  } finally {
    progress.done();
  }
}

/** With --wait or --tier, what is cold is retrieved first. `done`: all of it can be read, as far as is known. */
async function thaw(context: VerbContext, connection: Connection, selection: Selection): Promise<number> {
  const { arguments: args, output } = context;
  const wait = args.duration("wait");
  if (wait === undefined && args.text("tier") === undefined) return EXIT.done;
  const left = await thawBackup(context, connection, selection.backup, wait ?? 0);
  if (left === null) return EXIT.failed;
  if (left.records === 0) return EXIT.done;
  const { records, archives, bytes, waiting } = left;
  output.record({ type: "cold", records, archives, bytes, waiting });
  output.note(
    `${formatCount(waiting, "retrieval")} under way, and nothing restored yet: run the same command again later`,
  );
  return EXIT.incomplete;
}

function holdsSomething(destination: string): boolean {
  const found = statSync(destination, { throwIfNoEntry: false });
  return found?.isDirectory() === true && readdirSync(destination).length > 0;
}

function presentSummary(
  { output }: VerbContext,
  { backup, path }: Selection,
  summary: RestoreSummary,
): number {
  const { entries, unchanged, bytes, problems, problemCount, exitCode, seconds } = summary;
  for (const problem of problems) {
    output.record({ type: "problem", path: problem.path, code: problem.code, message: problem.message });
    output.error(`${printable(problem.path)}: ${printable(problem.message)}`);
  }
  if (problemCount > problems.length) output.error(`and ${groupDigits(problemCount - problems.length)} more`);
  const all = Object.values(entries).reduce((sum, count) => sum + count, 0);
  const rate = seconds > 0.5 ? `, ${formatSize(bytes / seconds)}/s` : "";
  const same = unchanged > 0 ? `, ${formatCount(unchanged, "file was", "files were")} there already` : "";
  output.note(
    `restored ${formatCount(all, "entry", "entries")}, ${formatSize(bytes)} in ${formatDuration(seconds)}${rate}${same}`,
  );
  if (problemCount > 0)
    output.error(`${formatCount(problemCount, "entry is", "entries are")} missing or not exact`);
  output.record({
    type: "summary",
    backup: backup.id,
    path: path ?? "",
    entries: { ...entries, unchanged },
    bytes,
    problems: problemCount,
    seconds,
  });
  return exitCode;
}
