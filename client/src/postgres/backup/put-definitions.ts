/** Puts globals.sql and schema/ into a backup. */
import { isUtf8 } from "node:buffer";
import { GLOBALS_PATH, POST_DATA_PATH, PRE_DATA_PATH } from "../manifest/manifest.ts";
import type { BackupFiles } from "./backup-files.ts";
import { dumpGlobals, dumpSchema } from "./dump-schema.ts";
import { namingBlockers } from "./lock/blockers.ts";
import type { OpenBackup } from "./open-backup.ts";

export interface PutOptions {
  applicationName: string;
  stop: AbortSignal;
  /** Milliseconds. */
  lockWait: number;
  warn(text: string): void;
}

/** As the snapshot has them. Throws what the programs of PostgreSQL end with. */
export async function putDefinitions(
  { programs, holder, watcher }: OpenBackup,
  { all, tables }: OpenBackup["view"],
  files: BackupFiles,
  { applicationName, stop, lockWait, warn }: PutOptions,
  snapshot: string,
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
  if (![preData, postData].every(isUtf8))
    warn(
      `the definitions of ${holder.target.label} are not UTF-8, as an SQL_ASCII database allows: restore the backup to a directory, and load it with psql`,
    );
  await files.put(GLOBALS_PATH, [globals]);
  await files.put(PRE_DATA_PATH, [preData]);
  await files.put(POST_DATA_PATH, [postData]);
}
