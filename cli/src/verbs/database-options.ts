/** Options of `datadb snapshot` that are for databases alone. */
import type { Option } from "../verb.ts";

export const DATABASE_OPTIONS: readonly Option[] = [
  {
    name: "table",
    value: "PATTERN",
    help: "of a database, only tables that match, as for psql: app.account, log_*",
    repeatable: true,
    completes: "nothing",
  },
  {
    name: "exclude-table",
    value: "PATTERN",
    help: "leave out tables that match",
    repeatable: true,
    completes: "nothing",
  },
  {
    name: "where",
    value: "TABLE=SQL",
    help: "only rows of TABLE (as t in SQL) for which a condition holds, or INNER JOIN ... WHERE ... finds some",
    repeatable: true,
    completes: "nothing",
  },
  { name: "schema-only", help: "only the definitions of a database" },
  { name: "data-only", help: "only the rows of a database" },
  {
    name: "lock-timeout",
    value: "TIME",
    help: "how long to wait for tables that others have locked, such as 30s or 5m (default 30s)",
    completes: "nothing",
  },
  {
    name: "pg-bin",
    value: "DIR",
    help: "where pg_dump is (default: PATH, then /usr/lib/postgresql/VERSION/bin)",
    completes: "directory",
  },
];
