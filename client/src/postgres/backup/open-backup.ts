/** Connects to the database of a backup, finds the programs, and sees what there is and whether it may be read. */
import { DatabaseFailedError, DatabaseMissingError } from "@datadb/protocol";
import { type PartitionEdge, readPartitioned, readSearchPath } from "../catalogue/partitions.ts";
import {
  type LargeObjectFacts,
  readLargeObjectFacts,
  readSequenceFacts,
  type SequenceFacts,
} from "../catalogue/relations.ts";
import { readTables, type TableFacts } from "../catalogue/tables.ts";
import { openSession } from "../connect/open-session.ts";
import type { Session } from "../connect/session.ts";
import { postgresTarget } from "../connect/target.ts";
import { checkRights, lacksRights } from "./check-rights.ts";
import { findSchemaPrograms, type SchemaPrograms } from "./dump-schema.ts";
import type { PostgresSource } from "./postgres-source.ts";
import {
  type ChosenTable,
  choosePartitioned,
  chooseTables,
  type TableRules,
  tableRules,
} from "./select-tables.ts";

/** What a session sees: all tables, those that are wanted, and what is not table. */
export interface DatabaseView {
  all: TableFacts[];
  tables: ChosenTable[];
  partitioned: PartitionEdge[];
  /** Those that were chosen by their own names. */
  chosenPartitioned: PartitionEdge[];
  sequences: SequenceFacts[];
  largeObjects: LargeObjectFacts[];
}

export interface OpenBackup {
  /** Two sessions with the same server. */
  holder: Session;
  watcher: Session;
  /** Null when no definitions are wanted. */
  programs: SchemaPrograms | null;
  rules: TableRules;
  searchPath: string[];
  /** As it was asked for. */
  view: DatabaseView;
  end(): Promise<void>;
}

export interface OpenBackupOptions {
  applicationName: string;
  /** Names are enough where it is looked at again, in the snapshot. */
  what: "names" | "rows";
  warn(text: string): void;
  signal?: AbortSignal | undefined;
}

/**
 * Nothing is read of any table. Throws USAGE, DATABASE_UNREACHABLE, DATABASE_LOGIN, DATABASE_MISSING (no database, no matching table),
 * PG_PROGRAM_MISSING, DATABASE_FORBIDDEN naming what cannot be read.
 */
export async function openBackup(
  source: PostgresSource,
  { applicationName, what, warn, signal }: OpenBackupOptions,
): Promise<OpenBackup> {
  const rules = tableRules(source);
  const target = postgresTarget(source.postgres, source.environment);
  for (const warning of target.warnings) warn(warning);
  const sessions: Session[] = [];
  const end = async (): Promise<void> => {
    signal?.removeEventListener("abort", end);
    await Promise.all(sessions.map((session) => session.end()));
  };
  signal?.addEventListener("abort", end);
  let holding: Promise<Session> | undefined;
  let finding: Promise<SchemaPrograms | null> | undefined;
  try {
    const watcher = await openSession(target, applicationName);
    sessions.push(watcher);
    holding = openSession(watcher.target, applicationName).then((session) => {
      sessions.push(session);
      return session;
    });
    finding = source.dataOnly
      ? Promise.resolve(null)
      : findSchemaPrograms(watcher.server.versionNumber, {
          binDirectory: source.binDirectory,
          environment: target.environment,
        });
    // What they fail with is told below, in this order.
    for (const one of [holding, finding]) one.catch(() => {});
    const searchPath = await readSearchPath(watcher);
    const view = await viewDatabase(watcher, source, { rules, searchPath, what });
    const [holder, programs] = [await holding, await finding];
    return { holder, watcher, programs, rules, searchPath, view, end };
  } catch (error) {
    await Promise.allSettled([holding, finding]);
    await end();
    throw error;
  }
}

/**
 * What the session sees now: "rows", or only the "names" of tables, without columns, keys, sequences and large objects. Throws
 * DATABASE_MISSING, USAGE, and DATABASE_FORBIDDEN naming what may not be read.
 */
export async function viewDatabase(
  session: Session,
  source: PostgresSource,
  { rules, searchPath, what }: { rules: TableRules; searchPath: readonly string[]; what: "names" | "rows" },
): Promise<DatabaseView> {
  const selected = (source.tables ?? []).length > 0;
  const isFirst = what === "names";
  const all = await readTables(session, what);
  const partitioned = await readPartitioned(session);
  const tables = chooseTables(rules, all, partitioned, searchPath);
  if (tables.length === 0 && all.length > 0)
    throw new DatabaseMissingError(
      `${session.target.label}: no table is left after --exclude-table`,
      "exclude fewer tables",
    );
  // Whoever is refused is told all that is missing.
  if (isFirst && !source.schemaOnly && lacksRights(tables))
    return await viewDatabase(session, source, { rules, searchPath, what: "rows" });
  const chosen = new Set(tables.map(({ oid }) => oid));
  const relations = new Set(all.map(({ oid }) => oid));
  const sequences = isFirst || source.schemaOnly ? [] : await readSequenceFacts(session);
  const view = {
    all,
    tables,
    partitioned,
    chosenPartitioned: choosePartitioned(rules, all, partitioned, searchPath),
    sequences: sequences.filter(({ owner }) => owner === null || chosen.has(owner) || !relations.has(owner)),
    // As pg_dump: whoever asks for tables gets no large objects.
    largeObjects: isFirst || source.schemaOnly || selected ? [] : await readLargeObjectFacts(session),
  };
  refuseUnreadableNames(session, source, view);
  checkRights(session.target.label, session.target.user, view);
  return view;
}

/**
 * A database without an encoding may have any bytes in its names. Those that are no text here cannot be asked for: rows of a table, or
 * definitions without those of a table.
 */
function refuseUnreadableNames(
  { server, target }: Session,
  { schemaOnly = false, dataOnly = false }: PostgresSource,
  { all, tables, sequences }: DatabaseView,
): void {
  if (server.encoding !== "SQL_ASCII") return;
  const chosen = new Set(tables.map(({ oid }) => oid));
  const asked = [
    ...(schemaOnly ? [] : tables.filter(({ kind }) => kind !== "foreign")),
    ...(dataOnly ? [] : all.filter(({ oid }) => !chosen.has(oid)).map((one) => ({ ...one, columns: [] }))),
    ...sequences.map((one) => ({ ...one, columns: [] })),
  ];
  const found = asked.find(({ schema, name, columns }) =>
    [schema, name, ...columns].some((one) => one.includes("\ufffd")),
  );
  if (found === undefined) return;
  throw new DatabaseFailedError(
    `${target.label} is SQL_ASCII, and names of ${found.schema}.${found.name} are not UTF-8; nothing was backed up`,
    "rename it and its columns in UTF-8",
  );
}
