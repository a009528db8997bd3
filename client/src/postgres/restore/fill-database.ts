/** Fills an empty database: definitions, rows in parallel, indexes and constraints in parallel, views, statistics. */
import { availableParallelism } from "node:os";
import type { Session } from "../connect/session.ts";
import type { PostgresTarget } from "../connect/target.ts";
import { addForeignKeys } from "./add-foreign-keys.ts";
import { analyzeTasks } from "./analyze-tables.ts";
import type { BackupFiles } from "./backup-files.ts";
import { isSuperuser } from "./databases/database-state.ts";
import { largeObjectTasks } from "./large-objects.ts";
import { isCopiedInBinary } from "./load/copy-table.ts";
import { loadLate } from "./load/load-late.ts";
import type { LoadRequest } from "./load/load-request.ts";
import { loadTasks } from "./load/load-tables.ts";
import { partitionRoots } from "./load/partition-roots.ts";
import { verifyTasks } from "./load/verify-tables.ts";
import { notFilled, readsAbsentRows } from "./plan/reads-absent-rows.ts";
import type { RestorePlan, TableStatements } from "./plan/restore-plan.ts";
import type { RestoreSelection } from "./plan/select-objects.ts";
import type { RestoreDatabaseOptions } from "./restore-database-options.ts";
import type { RestoreReport } from "./restore-report.ts";
import { openLoadingSession } from "./restore-session.ts";
import { runOne, runScript } from "./run-script.ts";
import { keyOf, shownName, sqlName } from "./script/object-name.ts";
import { setSequences } from "./sequences.ts";
import { runTasks, type Task } from "./tasks.ts";

export interface FillRequest {
  files: BackupFiles;
  plan: RestorePlan;
  selection: RestoreSelection;
  options: RestoreDatabaseOptions;
  report: RestoreReport;
  jobs: number;
  /** Called inside each transaction that makes objects, before its end. */
  journal(session: Session): Promise<void>;
  /** Told of each session, so that it can be ended from outside. */
  onSession(session: Session): void;
}

/** Statements of definitions in one transaction: their locks must fit into the server's table of locks. */
const TRANSACTION_STATEMENTS = 1000;
const ROLE = /^(?:RE)?SET SESSION AUTHORIZATION\b/;

/** Closes its sessions, whatever happens. */
export async function fillDatabase(target: PostgresTarget, request: FillRequest): Promise<void> {
  const sessions: Session[] = [];
  const open = async (): Promise<Session> => {
    const session = await openLoadingSession(target, request.files.manifest.session);
    sessions.push(session);
    request.onSession(session);
    return session;
  };
  try {
    const first = await open();
    await define(first, request);
    while (sessions.length < request.jobs) await open();
    await fill(first, sessions, request);
  } finally {
    await Promise.all(sessions.map((session) => session.end()));
  }
}

async function define(session: Session, { plan, report, journal }: FillRequest): Promise<void> {
  report.phase("schema");
  await inTransactions(session, plan.before, journal);
}

async function inTransactions(
  session: Session,
  statements: readonly string[],
  journal: (session: Session) => Promise<void>,
): Promise<void> {
  for (let at = 0; at < statements.length; ) {
    const end = endOfTransaction(statements, at);
    await session.query("BEGIN");
    await runScript(session, statements.slice(at, end));
    await journal(session);
    await session.query("COMMIT");
    at = end;
  }
}

/** Not while the session acts for another role, who may not write the journal. */
function endOfTransaction(statements: readonly string[], from: number): number {
  const end = Math.min(from + TRANSACTION_STATEMENTS, statements.length);
  const last = statements.slice(from, end).findLast((statement) => ROLE.test(statement));
  if (last === undefined || last.startsWith("RESET")) return end;
  const reset = statements.findIndex((statement, i) => i >= end && ROLE.test(statement));
  return reset < 0 ? statements.length : reset + 1;
}

async function fill(first: Session, sessions: readonly Session[], request: FillRequest): Promise<void> {
  const { files, plan, selection, options, report, journal } = request;
  const roots = await partitionRoots(first, selection.tables, selection.nameOf);
  for (const root of new Set([...roots.values()].map(shownName)))
    report.warn(
      `the rows of ${root} are counted, and not compared: its partitions are by hash of an enum, another one in each database`,
    );
  const load: LoadRequest = {
    content: files.content,
    onBytes: report.bytes,
    onTable: (table) => report.table(table.rows),
    nameOf: selection.nameOf,
    digests: new Map(),
    sums: new Map(),
    roots,
    late: [],
    jobs: sessions.length,
    isBinary: (table) => isCopiedInBinary(first, table, selection.nameOf(table)),
  };
  report.phase("data");
  const objects = largeObjectTasks(selection.whole ? files : { ...files, largeObjects: [] }, {
    noOwner: options.noOwner === true,
    noPrivileges: options.noPrivileges === true,
    asGrantor: await isSuperuser(first),
    beforeCommit: journal,
    onObject: report.largeObject,
  });
  await runTasks(sessions, [...(await loadTasks(selection.tables, load)), ...objects], report.task);
  await loadLate(first, load);

  const verify = verifyTasks(
    options.noVerify === true ? [] : selection.tables,
    { ...load, manifest: files.manifest, onWarning: report.warn, onVerified: report.verified },
    first.server.versionNumber,
  );
  report.phase("indexes");
  if (verify.summed.length > 0 && haveAllProcessors(first, sessions.length))
    for (const { query } of sessions) await query("SET max_parallel_maintenance_workers = 0");
  await runTasks(sessions, plan.indexes.map(statementsTask), report.task, verify.summed);

  report.phase("constraints");
  await inTransactions(first, plan.after, journal);
  await runTasks(
    sessions,
    plan.foreignKeys.map((keys) => foreignKeysTask(keys, report.warn)),
    report.task,
  );
  report.sequences(await setSequences(first, selection.sequences, false));

  report.phase("views");
  await refreshViews(first, request);
  const compare = [...verify.summed, ...verify.readBack];
  // Neither needs much of the other's: all sessions have something to do until the end.
  report.phase(compare.length > 0 ? "verify" : "statistics");
  await runTasks(sessions, [...(await analyzeTasks(first, report.warn)), ...compare], report.task);
  await inTransactions(first, plan.last, journal);
}

/**
 * Whether sessions that all work leave the server's machine nothing: an index that is built by several processes then takes a fifth more of its
 * time. Of another machine nobody knows.
 */
function haveAllProcessors({ target }: Session, sessions: number): boolean {
  return target.hosts.every(({ host }) => host.startsWith("/")) && availableParallelism() <= sessions;
}

function statementsTask({ label, tables, shared, statements }: TableStatements): Task {
  return {
    label,
    tables: tables.map(keyOf),
    shared,
    run: async (session) => {
      await session.query("BEGIN");
      if (statements.length > 1) await runScript(session, statements);
      else await runOne(session, statements[0]!);
      await session.query("COMMIT");
    },
  };
}

function foreignKeysTask({ statements, ...task }: TableStatements, warn: (text: string) => void): Task {
  return {
    ...task,
    tables: task.tables.map(keyOf),
    run: async (session) => {
      await session.query("BEGIN");
      await addForeignKeys(session, statements, warn);
      await session.query("COMMIT");
    },
  };
}

/** In the backup's order: one may read another. */
async function refreshViews(session: Session, { files, selection, report }: FillRequest): Promise<void> {
  for (const view of files.manifest.materializedViews) {
    if (!view.populated || !selection.hasView(view)) continue;
    if (readsAbsentRows(view, selection, files.manifest)) {
      report.warn(notFilled(selection.nameOf(view)));
      continue;
    }
    report.current(view.name);
    await runOne(session, `REFRESH MATERIALIZED VIEW ${sqlName(view)}`);
  }
}
