/** A PostgreSQL database as a source of a snapshot, and what of it is wanted. */

export interface PostgresSource {
  /** postgres://..., completed by libpq's rules. */
  postgres: string;
  /** Patterns as psql and pg_dump have them; none: every table. */
  tables?: readonly string[];
  /** Patterns of tables to leave out. */
  excludeTables?: readonly string[];
  /** By pattern of a table: a condition, `WHERE ...`, or `INNER JOIN ... WHERE ...`; the base table is called `t`. */
  where?: Readonly<Record<string, string>>;
  schemaOnly?: boolean;
  dataOnly?: boolean;
  /** Milliseconds to wait for locks of other sessions, all tries together; 30 seconds when absent. */
  lockTimeout?: number;
  /** The only directory to look for pg_dump and pg_dumpall in. */
  binDirectory?: string;
  /** PG* variables, HOME and PATH are taken from here; the process's own when absent. */
  environment?: NodeJS.ProcessEnv;
}

export function isPostgresSource(source: unknown): source is PostgresSource {
  return typeof source === "object" && source !== null && "postgres" in source;
}
