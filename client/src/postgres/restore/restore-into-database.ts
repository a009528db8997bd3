/** Restores a part of a backup into a database that is in use: in one transaction, so that nobody ever sees half of it. */
import { ExistsError, UsageError } from "@datadb/protocol";
import type { Session } from "../connect/session.ts";
import { addForeignKeys } from "./add-foreign-keys.ts";
import { analyzeInside } from "./analyze-tables.ts";
import type { BackupFiles } from "./backup-files.ts";
import type { LoadOneRequest } from "./load/load-request.ts";
import { loadTable } from "./load/load-table.ts";
import { partitionRoots } from "./load/partition-roots.ts";
import type { ExistingNames } from "./plan/existing-names.ts";
import { notFilled, readsAbsentRows } from "./plan/reads-absent-rows.ts";
import type { RestoreSelection } from "./plan/select-objects.ts";
import type { RestoreDatabaseOptions } from "./restore-database-options.ts";
import type { RestoreReport } from "./restore-report.ts";
import { restoreRows } from "./restore-rows.ts";
import { runOne, runScript } from "./run-script.ts";
import { keyOf, quoteName, shownName, sqlName } from "./script/object-name.ts";
import { setSequences } from "./sequences.ts";

export interface IntoRequest {
  files: BackupFiles;
  selection: RestoreSelection;
  options: RestoreDatabaseOptions;
  report: RestoreReport;
}

/** The caller ends the session. */
export async function restoreIntoDatabase(session: Session, request: IntoRequest): Promise<void> {
  const { files, selection, options, report } = request;
  const load: LoadOneRequest = {
    content: files.content,
    onBytes: report.bytes,
    onTable: (table) => report.table(table.rows),
    nameOf: selection.nameOf,
    // Rows are counted, and not read back.
    digests: null,
  };
  await session.query("BEGIN; SET LOCAL synchronous_commit = on");
  if (options.dataOnly === true) {
    report.phase("data");
    await restoreRows(session, {
      tables: selection.tables,
      load,
      clean: options.clean === true,
      onTable: load.onTable,
    });
  } else {
    report.phase("schema");
    await runScript(
      session,
      selection.preData.map(({ text }) => text),
    );
    report.phase("data");
    const roots = await partitionRoots(session, selection.tables, selection.nameOf);
    for (const table of selection.tables) {
      report.current(shownName(table));
      if (table.rows === 0) continue;
      const root = roots.get(keyOf(table));
      // Made in this transaction: its rows can be frozen.
      if (root === undefined)
        await loadTable(session, table, load, table.kind === "table" || table.kind === "partition");
      else await loadTable(session, table, { ...load, nameOf: () => root }, false);
      load.onTable(table);
    }
    await definePostData(session, request);
  }
  report.sequences(await setSequences(session, selection.sequences, true));
  report.phase("views");
  for (const view of files.manifest.materializedViews) {
    if (options.dataOnly === true || !view.populated || !selection.hasView(view)) continue;
    if (readsAbsentRows(view, selection, files.manifest)) {
      report.warn(notFilled(selection.nameOf(view)));
      continue;
    }
    await runOne(session, `REFRESH MATERIALIZED VIEW ${sqlName(selection.nameOf(view))}`);
  }
  report.phase("statistics");
  for (const table of selection.tables)
    await analyzeInside(session, sqlName(selection.nameOf(table)), report.warn);
  await session.query("COMMIT");
}

async function definePostData(session: Session, { selection, report }: IntoRequest): Promise<void> {
  report.phase("indexes");
  const { postData } = selection;
  const isKey = ({ kind }: { kind: string }): boolean => kind === "foreign-key";
  for (const statement of postData.filter((one) => !isKey(one))) {
    if (statement.subject !== null) report.current(shownName(statement.subject));
    await runOne(session, statement.text);
  }
  report.phase("constraints");
  await addForeignKeys(
    session,
    postData.filter(isKey).map(({ text }) => text),
    report.warn,
  );
}

/** Throws EXISTS naming what is in the way. */
export function refuseExisting(
  selection: RestoreSelection,
  wanted: readonly { schema: string; name: string }[],
  existing: ExistingNames,
  label: string,
  path = "",
): void {
  const taken = wanted.map(selection.nameOf).filter((name) => existing.has(name));
  if (taken.length === 0) return;
  throw new ExistsError(
    `${label} already has ${taken.slice(0, 10).map(shownName).join(", ")}; nothing was restored`,
    path === ""
      ? "name another database, or replace this one: --clean; or restore a part: NAME:schema/table --rename N"
      : "give another schema or name: --to-schema S, --rename N; or drop it first",
  );
}

/** A schema that is made for --to-schema. */
export function schemaStatement(schema: string): string {
  return `CREATE SCHEMA IF NOT EXISTS ${quoteName(schema)}`;
}

/** Throws USAGE for options that do not go together. */
export function checkOptions(options: RestoreDatabaseOptions): void {
  const { path = "", toSchema, rename, dataOnly, clean } = options;
  const refuse = (what: string, next: string): never => {
    throw new UsageError(what, next);
  };
  if (toSchema !== undefined && path === "")
    refuse("--to-schema needs a table or schema", "write it after the selector: NAME:schema/table");
  if (rename !== undefined && path === "")
    refuse("--rename needs a table", "write it after the selector: NAME:schema/table");
  if (clean === true && path !== "" && dataOnly !== true)
    refuse(
      "--clean replaces a whole database, or with --data-only the rows of tables",
      "drop the table first, or restore it under another name: --rename N",
    );
}
