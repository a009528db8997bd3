/** A session with a PostgreSQL server. */
import type { DatadbError } from "@datadb/protocol";
import type pg from "pg";
import type { PostgresTarget } from "./target.ts";

export interface ServerFacts {
  /** As the server says it, such as `15.18 (Debian 15.18-0+deb12u1)`. */
  version: string;
  /** As 150018. */
  versionNumber: number;
  /** Encoding of the database. */
  encoding: string;
  /** A standby: nothing can be written. */
  inRecovery: boolean;
}

export interface Session {
  readonly client: pg.Client;
  readonly server: ServerFacts;
  /** Only the server that answered: for more sessions and for programs. */
  readonly target: PostgresTarget;
  /** Id of the backend. */
  readonly pid: number;
  /** Rows as objects. Rejects with the project's errors, whose message begins with the database. */
  query<Row extends pg.QueryResultRow = Record<string, unknown>>(
    sql: string,
    values?: unknown[],
  ): Promise<Row[]>;
  /** Rejects when the connection is lost; never resolves. */
  readonly lost: Promise<never>;
  /** Why the connection was lost, or null. */
  lostBy(): DatadbError | null;
  /** Closes the connection. Never rejects. */
  end(): Promise<void>;
}
