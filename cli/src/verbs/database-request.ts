/** A database as SOURCE of `datadb snapshot`, and what of it is wanted. */
import type { PostgresSource } from "@datadb/client";
import { UsageError } from "@datadb/protocol";
import type { Arguments } from "../arguments/arguments.ts";
import type { VerbContext } from "../verb.ts";
import { DATABASE_OPTIONS } from "./database-options.ts";
import { warnOfUrlPassword } from "./warn-of-url-password.ts";

/** Options that are about files. */
const FILE_OPTIONS = ["exclude", "gitignore", "exclude-caches", "one-file-system", "exclude-from"];

/** Throws UsageError for what does not go together. */
export function databaseRequest(context: VerbContext): PostgresSource {
  const { arguments: args, environment } = context;
  const [url, ...others] = args.operands;
  if (others.length > 0)
    throw new UsageError(
      "a database is backed up by itself, and there are other sources",
      "make a backup of each",
    );
  for (const option of FILE_OPTIONS)
    if (args.flag(option))
      throw new UsageError(`--${option} is for files, and the source is a database`, "leave it out");
  const where: Record<string, string> = {};
  for (const text of args.list("where")) {
    const [table, sql] = splitWhere(text);
    if (where[table] !== undefined)
      throw new UsageError(`--where ${table}= is given twice`, "join the conditions with AND");
    where[table] = sql;
  }
  warnOfUrlPassword(context, url!);
  const lockTimeout = args.duration("lock-timeout");
  const binDirectory = args.text("pg-bin");
  return {
    postgres: url!,
    environment,
    tables: args.list("table"),
    excludeTables: args.list("exclude-table"),
    where,
    schemaOnly: args.flag("schema-only"),
    dataOnly: args.flag("data-only"),
    ...(lockTimeout === undefined ? {} : { lockTimeout }),
    ...(binDirectory === undefined ? {} : { binDirectory }),
  };
}

/** TABLE=SQL, where a quoted name may hold = itself. */
function splitWhere(text: string): [string, string] {
  const [, table, sql] = /^((?:"(?:[^"]|"")*"|[^="])+)=(.*)$/s.exec(text) ?? [];
  if (table !== undefined && sql !== undefined) return [table.trim(), sql];
  throw new UsageError(
    `--where is ${text}`,
    "write --where TABLE=SQL, for example --where 'account=id > 1000'",
  );
}

/** Throws UsageError for an option of databases beside another source. */
export function refuseDatabaseOptions(args: Arguments): void {
  for (const { name } of DATABASE_OPTIONS)
    if (args.flag(name))
      throw new UsageError(`--${name} is for databases`, "name one: postgres://HOST/DATABASE");
}
