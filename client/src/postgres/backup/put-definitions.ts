/** Puts globals.sql and schema/ into a backup. */
import { isUtf8 } from "node:buffer";
import { DatabaseChangedError } from "@datadb/protocol";
import { readTables, type TableFacts } from "../catalogue/tables.ts";
import type { Session } from "../connect/session.ts";
import { GLOBALS_PATH, POST_DATA_PATH, PRE_DATA_PATH } from "../manifest/manifest.ts";
import type { BackupFiles } from "./backup-files.ts";
import { dumpGlobals, dumpSchema } from "./dump-schema.ts";
import { namingBlockers } from "./lock/blockers.ts";
import type { Lockable } from "./lock/lock-stack.ts";
import type { LockedTables } from "./lock/lock-tables.ts";
import type { OpenBackup } from "./open-backup.ts";

export interface PutOptions {
  applicationName: string;
  stop: AbortSignal;
  /** Milliseconds. */
  lockWait: number;
  warn(text: string): void;
}

/** As the snapshot has them. Throws what the programs of PostgreSQL end with, and DATABASE_CHANGED. */
export async function putDefinitions(
  { programs, holder, watcher }: OpenBackup,
  { all, tables }: OpenBackup["view"],
  files: BackupFiles,
  { applicationName, stop, lockWait, warn }: PutOptions,
  { snapshot, horizon }: Pick<LockedTables<Lockable>, "snapshot" | "horizon">,
): Promise<void> {
  if (programs === null) return;
  const chosen = new Set(tables.map(({ oid }) => oid));
  const options = { programs, session: watcher, applicationName: `${applicationName} schema`, signal: stop };
  const excluded = all.filter(({ oid }) => !chosen.has(oid));
  const [{ preData, postData }, globals] = await Promise.all([
    namingBlockers(
      watcher,
      {
        applicationName: options.applicationName,
        lockWait,
        what: `${holder.target.label}: pg_dump`,
      },
      dumpSchema({ ...options, session: holder }, { snapshot, excluded, lockWait }),
    ),
    dumpGlobals(options),
  ]);
  if (await maybeChanged(watcher, horizon)) await refuseChanged(watcher, tables);
  if (![preData, postData].every(isUtf8))
    warn(
      `the definitions of ${holder.target.label} are not UTF-8, as an SQL_ASCII database allows: restore the backup to a directory, and load it with psql`,
    );
  await files.put(GLOBALS_PATH, [globals]);
  await files.put(PRE_DATA_PATH, [preData]);
  await files.put(POST_DATA_PATH, [postData]);
}

/** Whether tables or columns were written since the snapshot: a fraction of the time of looking what they are now. */
async function maybeChanged(watcher: Session, horizon: string): Promise<boolean> {
  const writtenIn = (catalogue: string): string =>
    `EXISTS (SELECT FROM pg_catalog.${catalogue} WHERE pg_catalog.age(xmin) <= (SELECT age FROM since))`;
  const [row] = await watcher.query<{ written: boolean }>(
    `WITH since AS MATERIALIZED (SELECT pg_catalog.age('${horizon}'::xid) AS age)
     SELECT ${["pg_class", "pg_attribute", "pg_index"].map(writtenIn).join(" OR ")} AS written`,
  );
  return row!.written;
}

/**
 * Conditions and indexes are written by functions of the server that see what is now, not the snapshot: a column that got another name
 * between the reading of its table and pg_dump's own lock would have both in one dump.
 */
async function refuseChanged(watcher: Session, tables: readonly TableFacts[]): Promise<void> {
  const names = ({ schema, name, columns, key }: TableFacts): string =>
    JSON.stringify([schema, name, columns, key]);
  const now = new Map((await readTables(watcher, "rows")).map((table) => [table.oid, names(table)]));
  // What is gone went behind pg_dump: it had locks of all.
  const changed = tables.find((table) => now.has(table.oid) && now.get(table.oid) !== names(table));
  if (changed !== undefined)
    throw new DatabaseChangedError(
      `${watcher.target.label}: ${changed.schema}.${changed.name} was changed while its definition was read`,
    );
}
