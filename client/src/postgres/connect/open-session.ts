/** A session with a PostgreSQL server: connected as libpq would, with canonical settings. */
import { DatabaseUnreachableError, type DatadbError, UsageError } from "@datadb/protocol";
import type pg from "pg";
import { databaseError, sqlState } from "./database-error.ts";
import { keepAwake } from "./keep-awake.ts";
import { type MakeSocket, makeClient } from "./make-client.ts";
import { isPooled, refusePooling } from "./refuse-pooling.ts";
import { settingsCommand } from "./session-settings.ts";
import { type PostgresHost, type PostgresTarget, targetHost } from "./target.ts";
import { type TlsAttempt, tlsAttempts } from "./tls-options.ts";

interface ServerFacts {
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

/** SQLSTATE of a server that starts or ends. */
const CANNOT_CONNECT_NOW = "57P03";
/**
 * Connects to the first of the target's servers that answers and fits target_session_attrs. `socket`: instead of the driver's.
 * Throws DATABASE_UNREACHABLE, DATABASE_LOGIN, DATABASE_MISSING, USAGE.
 */
export async function openSession(
  target: PostgresTarget,
  applicationName: string,
  socket?: MakeSocket,
): Promise<Session> {
  const errors: DatadbError[] = [];
  for (const fallback of wantsFallback(target) ? [false, true] : [false]) {
    for (const host of inTurn(target)) {
      try {
        const session = await connectHost(target, host, applicationName, socket);
        if (fallback || (await fits(session, target.parameters["target_session_attrs"] ?? "any")))
          return session;
        await session.end();
        errors.push(
          new DatabaseUnreachableError(
            `${session.target.label}: the server is not ${target.parameters["target_session_attrs"]}`,
            "name another host, or change target_session_attrs",
          ),
        );
      } catch (error) {
        if (!mayBeUpElsewhere(error)) throw error;
        errors.push(error);
      }
    }
  }
  const [first, ...more] = errors;
  if (more.length === 0) throw first!;
  const all = [...new Set(errors.map(({ message }) => message))].join("; ");
  throw new DatabaseUnreachableError(all, { next: first!.next, cause: first });
}

/** The order in which servers are tried. Throws USAGE. */
function inTurn({ hosts, parameters }: PostgresTarget): readonly PostgresHost[] {
  const balance = parameters["load_balance_hosts"] ?? "disable";
  if (balance === "disable") return hosts;
  if (balance !== "random")
    throw new UsageError(`load_balance_hosts=${balance} is unknown`, "give disable or random");
  const drawn = hosts.map((host) => ({ host, lot: Math.random() }));
  return drawn.sort((a, b) => a.lot - b.lot).map(({ host }) => host);
}

/** Another server would not know better who we are, but it may be up, or have started. */
function mayBeUpElsewhere(error: unknown): error is DatabaseUnreachableError {
  if (!(error instanceof DatabaseUnreachableError)) return false;
  const { sqlstate } = error.fields;
  return sqlstate === undefined || sqlstate === CANNOT_CONNECT_NOW;
}

function wantsFallback({ parameters }: PostgresTarget): boolean {
  return parameters["target_session_attrs"] === "prefer-standby";
}

async function connectHost(
  target: PostgresTarget,
  host: PostgresHost,
  applicationName: string,
  socket: MakeSocket | undefined,
): Promise<Session> {
  const pinned = targetHost(target, host);
  const attempts = tlsAttempts(target.parameters, host.host);
  for (const [i, tls] of attempts.entries()) {
    try {
      return await connectOnce(pinned, host, tls, applicationName, socket);
    } catch (error) {
      const refused = sqlState(error) !== undefined || /does not support SSL/.test((error as Error).message);
      if (i + 1 < attempts.length && refused) continue;
      throw databaseError(error, pinned.label);
    }
  }
  throw new TypeError("there is always one way to try");
}

async function connectOnce(
  target: PostgresTarget,
  host: PostgresHost,
  tls: TlsAttempt,
  applicationName: string,
  socket: MakeSocket | undefined,
): Promise<Session> {
  const made = makeClient(target, host, tls, applicationName, socket);
  const { client } = made;
  let cause: DatadbError | null = null;
  const lost = new Promise<never>((_, reject) => {
    client.on("error", (error) => {
      cause ??= databaseError(error, target.label);
      reject(cause);
    });
    client.on("end", () => {
      cause ??= new DatabaseUnreachableError(`${target.label}: the connection was closed`);
      reject(cause);
    });
  });
  lost.catch(() => {});
  await connected(made);
  // Sessions with a socket of their own come after one that has none.
  const another =
    socket === undefined
      ? async () => {
          const other = makeClient(target, host, tls, applicationName, undefined);
          other.client.on("error", () => {});
          await connected(other);
          return other.client;
        }
      : null;
  try {
    const query = querying(client, target.label, () => cause);
    const facts = await prepared(client, query, target.label, another);
    // The others read or load: they are not silent.
    const rest = socket === undefined ? keepAwake(client) : () => {};
    const end = (): Promise<void> => {
      rest();
      return client.end().catch(() => {});
    };
    return { ...facts, client, target, query, lost, end, lostBy: () => cause };
  } catch (error) {
    await client.end().catch(() => {});
    throw error;
  }
}

async function connected({ client, connection }: ReturnType<typeof makeClient>): Promise<void> {
  try {
    await client.connect();
  } catch (error) {
    // What was refused here, and not by the server, is still connected.
    connection.stream.destroy();
    throw error;
  }
}

/** `lostBy`: why there is no connection any more; the driver only says that there is none. */
function querying(client: pg.Client, label: string, lostBy: () => DatadbError | null): Session["query"] {
  return async <Row extends pg.QueryResultRow>(sql: string, values?: unknown[]): Promise<Row[]> => {
    const before = lostBy();
    if (before !== null) throw before;
    try {
      return (await client.query<Row>(sql, values)).rows;
    } catch (error) {
      throw databaseError(error, label);
    }
  };
}

/** `another`: a connection beside this one, to look whether both are with sessions of their own. */
async function prepared(
  client: pg.Client,
  query: Session["query"],
  label: string,
  another: (() => Promise<pg.Client>) | null,
): Promise<Pick<Session, "server" | "pid">> {
  // What has no schema here could be somebody's own, by the search path of the database, and would run with this user's rights.
  const [facts] = await query<ServerFacts & { pid: number }>(
    `SELECT pg_catalog.current_setting('server_version') AS version,
       pg_catalog.current_setting('server_version_num')::pg_catalog.int4 AS "versionNumber",
       pg_catalog.current_setting('server_encoding') AS encoding, pg_catalog.pg_is_in_recovery() AS "inRecovery",
       pg_catalog.pg_backend_pid() AS pid`,
  );
  const { pid, ...server } = facts!;
  if (server.versionNumber < OLDEST_SERVER) {
    throw new UsageError(
      `${label} is PostgreSQL ${server.version}`,
      "only version 12 and newer are supported: upgrade the server",
    );
  }
  if (another !== null && isPooled(client, pid)) await refusePooling(client, label, another);
  await query(settingsCommand(server.encoding));
  return { server, pid };
}

/** The catalogues that are asked have what is asked from 12 on. */
const OLDEST_SERVER = 120000;

async function fits(session: Session, attributes: string): Promise<boolean> {
  if (attributes === "any") return true;
  if (attributes === "primary") return !session.server.inRecovery;
  if (attributes === "standby" || attributes === "prefer-standby") return session.server.inRecovery;
  const [row] = await session.query<{ read_only: string }>(
    "SELECT pg_catalog.current_setting('transaction_read_only') AS read_only",
  );
  if (attributes === "read-only") return row!.read_only === "on";
  if (attributes === "read-write") return row!.read_only === "off";
  throw new UsageError(
    `target_session_attrs=${attributes} is unknown`,
    "give any, primary, standby, prefer-standby, read-write or read-only",
  );
}
