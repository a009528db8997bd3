/** A database with everything that dumps have lost before, from the scripts in test/fixtures/postgres. */
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Postgres } from "./postgres.ts";

const FIXTURES = resolve(import.meta.dirname, "../../fixtures/postgres");
const ROLES = "0-roles.sql";
const QUIET = "SET client_min_messages = error;\n";

/**
 * Settings that change how values are read and written: a backup and a restore must mean the same under all of them.
 * They are set at the end, so that the scripts mean what they say.
 */
const HOSTILE_SETTINGS = [
  "DateStyle = 'German, DMY'",
  "IntervalStyle = 'sql_standard'",
  "bytea_output = 'escape'",
  "extra_float_digits = '-10'",
  "TimeZone = 'Asia/Kathmandu'",
  "search_path = 'shapes', '$user'",
  "standard_conforming_strings = off",
  "array_nulls = off",
  "xmloption = document",
  "client_encoding = 'LATIN1'",
  "default_transaction_read_only = on",
  "default_transaction_isolation = 'serializable'",
  "statement_timeout = '100ms'",
  "row_security = off",
  "check_function_bodies = on",
  "quote_all_identifiers = on",
  "default_toast_compression = 'lz4'",
  "session_replication_role = 'local'",
];

/** Makes the roles of the scripts; a server needs them once. */
export async function growRoles(server: Postgres): Promise<void> {
  await server.psql("postgres", readFileSync(join(FIXTURES, ROLES), "utf8"));
}

/** Makes the database (dropping one of that name) and fills it with what every script makes. */
export async function growDatabase(server: Postgres, name: string): Promise<void> {
  await server.createDatabase(name);
  for (const script of readdirSync(FIXTURES).sort()) {
    if (script === ROLES) continue;
    const sql = `BEGIN;\n${QUIET}${readFileSync(join(FIXTURES, script), "utf8")}\nCOMMIT;\n`;
    await server.psql(name, sql);
  }
  const database = `"${name.replaceAll('"', '""')}"`;
  const statements = [
    `COMMENT ON DATABASE ${database} IS 'it''s a "database"'`,
    `REVOKE TEMPORARY ON DATABASE ${database} FROM PUBLIC`,
    `GRANT CREATE ON DATABASE ${database} TO lab_reader`,
    `ALTER ROLE lab_reader IN DATABASE ${database} SET work_mem = '5MB'`,
    `ALTER ROLE lab_reader IN DATABASE ${database} SET search_path = ''`,
    `ALTER ROLE lab_owner IN DATABASE ${database} SET temp_tablespaces = ''`,
    `ALTER DATABASE ${database} CONNECTION LIMIT 40`,
    ...HOSTILE_SETTINGS.map((setting) => `ALTER DATABASE ${database} SET ${setting}`),
    `ALTER DATABASE ${database} OWNER TO lab_owner`,
    `GRANT CONNECT ON DATABASE ${database} TO lab_reader WITH GRANT OPTION`,
    `SET SESSION AUTHORIZATION lab_reader`,
    `GRANT CONNECT ON DATABASE ${database} TO "lab odd ""role"`,
  ];
  await server.psql("postgres", `${statements.join(";\n")};`);
}
