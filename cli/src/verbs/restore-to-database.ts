/** datadb restore SELECTOR postgres://...: a backup of a database, or a part of it, back into a database. */
import type { Connection, RestoreDatabaseSummary } from "@datadb/client";
import { UsageError } from "@datadb/protocol";
import type { Arguments } from "../arguments/arguments.ts";
import { EXIT } from "../exit-code.ts";
import { ask } from "../output/ask.ts";
import { formatCount } from "../output/format-count.ts";
import { formatDuration } from "../output/format-duration.ts";
import { formatSize } from "../output/format-size.ts";
import { printable } from "../output/printable.ts";
import type { Option, VerbContext } from "../verb.ts";
import { announce } from "./announce-restore.ts";
import { MAX_JOBS } from "./backup-options.ts";
import type { Selection } from "./read-selection.ts";
import { warnOfUrlPassword } from "./warn-of-url-password.ts";

/** Only for a database as destination. */
export const DATABASE_OPTIONS: readonly Option[] = [
  { name: "no-privileges", help: "database: leave out GRANT, REVOKE and default privileges" },
  {
    name: "clean",
    help: "database: replace the one that is there; with --data-only, the rows of the tables",
  },
  { name: "data-only", help: "database: only rows and sequences, into tables that are there" },
  {
    name: "to-schema",
    value: "SCHEMA",
    help: "database: put the tables of :PATH into this schema",
    completes: "nothing",
  },
  {
    name: "rename",
    value: "NAME",
    help: "database: give the table of :PATH this name",
    completes: "nothing",
  },
  { name: "no-verify", help: "database: do not read rows back to compare them" },
];

/** Throws UsageError for options that mean the other kind of destination. */
export function refuseOtherOptions(args: Arguments, toDatabase: boolean): void {
  const others = toDatabase ? [{ name: "overwrite" }] : DATABASE_OPTIONS;
  for (const { name } of others) {
    const given = name === "to-schema" || name === "rename" ? args.text(name) !== undefined : args.flag(name);
    if (!given) continue;
    throw toDatabase
      ? new UsageError(`--${name} is for directories`, "to replace a database, give --clean")
      : new UsageError(
          `--${name} is for databases`,
          "give the URL of a database as destination: postgres://...",
        );
  }
}

export async function restoreToDatabase(
  context: VerbContext,
  connection: Connection,
  selection: Selection,
  url: string,
): Promise<number> {
  const { arguments: args, output, signal, environment } = context;
  const { postgresTarget, restoreDatabase } = await import("@datadb/client");
  warnOfUrlPassword(context, url);
  // People see the label, and no password.
  const { label } = postgresTarget(url, environment);
  announce(context, selection, label);
  const clean = args.flag("clean");
  const dataOnly = args.flag("data-only");
  if (
    clean &&
    !(await ask(context, `replace ${dataOnly ? "rows of" : "the database"} ${printable(label)}`))
  ) {
    output.note("nothing was restored");
    return EXIT.failed;
  }
  const jobs = args.number("jobs", 1, MAX_JOBS);
  const [toSchema, rename] = [args.text("to-schema"), args.text("rename")];
  const progress = output.progress("restore");
  try {
    const summary = await restoreDatabase(connection, selection.backup, url, {
      path: selection.path ?? "",
      clean,
      dataOnly,
      noOwner: args.flag("no-owner"),
      noPrivileges: args.flag("no-privileges"),
      noVerify: args.flag("no-verify"),
      ...(jobs ? { jobs } : {}),
      ...(toSchema === undefined ? {} : { toSchema }),
      ...(rename === undefined ? {} : { rename }),
      signal,
      environment,
      onProgress: (state) => progress.update(state),
      onWarning: (text) => output.warn(printable(text)),
    });
    progress.done();
    present(context, selection, summary, dataOnly);
    return EXIT.done;
  } finally {
    progress.done();
  }
}

function present(
  { output }: VerbContext,
  { backup, path }: Selection,
  summary: RestoreDatabaseSummary,
  dataOnly: boolean,
): void {
  const { database, created, tables, rows, bytes, verified, seconds } = summary;
  const rate = seconds > 0.5 ? `, ${formatSize(bytes / seconds)}/s` : "";
  if (tables === 0 && !dataOnly) output.note(`restored definitions in ${formatDuration(seconds)}`);
  else
    output.note(
      `restored ${formatCount(tables, "table")} with ${formatCount(rows, "row")}, ${formatSize(bytes)} in ${formatDuration(seconds)}${rate}`,
    );
  if (created) output.note(`made the database ${printable(database)}`);
  if (verified > 0) output.note(`read back and compared ${formatCount(verified, "table")}`);
  const { meta: _meta, ...record } = summary;
  output.record({ type: "summary", backup: backup.id, path: path ?? "", ...record, meta: backup.meta });
}
