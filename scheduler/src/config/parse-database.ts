/** Parses a database as a source: its URL, and what of it is wanted. */
import { isPostgresUrl, type PostgresSource } from "@datadb/client";
import type { Source } from "./scheduler-config.ts";
import type { YamlValue } from "./yaml-value.ts";

/** The options of `datadb snapshot` that are for databases. */
export const DATABASE_KEYS: readonly string[] = [
  "tables",
  "excludeTables",
  "where",
  "schemaOnly",
  "dataOnly",
  "lockTimeout",
  "pgBin",
];
const FORM = "a URL such as postgres:///shop, env:NAME or file:/path";

/** `section`: what is said of it besides its URL. `nameOf` makes a backup's name of the database's. */
export function parseDatabase(
  value: YamlValue,
  section: ReadonlyMap<string, YamlValue>,
  nameOf: (own: string) => string,
): Pick<Source, "source" | "text" | "name"> {
  const url = value.secret(FORM);
  const reference = /^(env|file):/.test(url);
  if (!reference && !isPostgresUrl(url)) value.expected(FORM);
  const source: PostgresSource = { postgres: url };
  const list = (key: string): string[] | undefined => {
    const found = section.get(key);
    if (found === undefined || typeof found.plain === "string") return found && [found.text("a pattern")];
    return found.list("a list of patterns").map((one) => one.text("a pattern"));
  };
  const [tables, excludeTables] = [list("tables"), list("excludeTables")];
  if (tables) source.tables = tables;
  if (excludeTables) source.excludeTables = excludeTables;
  const where = section.get("where")?.entries("conditions by table");
  if (where) source.where = Object.fromEntries([...where].map(([table, sql]) => [table, sql.text("SQL")]));
  for (const key of ["schemaOnly", "dataOnly"] as const) {
    const flag = section.get(key);
    if (flag) source[key] = flag.flag();
  }
  const lockTimeout = section.get("lockTimeout")?.duration();
  if (lockTimeout !== undefined) source.lockTimeout = lockTimeout;
  const binDirectory = section.get("pgBin")?.text("a directory");
  if (binDirectory !== undefined) source.binDirectory = binDirectory;
  const text = url.replace(/:\/\/[^@/]*@/, "://");
  return { source, text, name: nameOf(reference ? "database" : databaseName(text)) };
}

/** The last part of the URL's path, for people. */
function databaseName(url: string): string {
  const [, name = ""] = /^[a-z]+:\/\/[^/?]*\/?([^?]*)/i.exec(url) ?? [];
  try {
    return decodeURIComponent(name) || "postgres";
  } catch {
    return name;
  }
}
