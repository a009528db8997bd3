/** A session with a PostgreSQL server: connected as libpq would, with canonical settings. */
import type { Socket } from "node:net";
import { DatabaseUnreachableError, UsageError } from "@datadb/protocol";
import pg from "pg";
import { databaseError, sqlState } from "./database-error.ts";
import { settingsCommand, startupOptions } from "./session-settings.ts";
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
  /** Closes the connection. Never rejects. */
  end(): Promise<void>;
}

/** Seconds to wait for one server where nothing else is said: a dead host must not block a backup for minutes. */
const CONNECT_TIMEOUT_SECONDS = 30;

/** Makes the socket of a connection that has no TLS. */
type MakeSocket = () => Socket;

/**
 * Connects to the first of the target's servers that answers and fits target_session_attrs. `socket`: instead of the driver's.
 * Throws DATABASE_UNREACHABLE, DATABASE_LOGIN, DATABASE_MISSING, USAGE.
 */
export async function openSession(
  target: PostgresTarget,
  applicationName: string,
  socket?: MakeSocket,
): Promise<Session> {
  let last: unknown;
  for (const fallback of wantsFallback(target) ? [false, true] : [false]) {
    for (const host of target.hosts) {
      try {
        const session = await connectHost(target, host, applicationName, socket);
        if (fallback || (await fits(session, target.parameters["target_session_attrs"] ?? "any")))
          return session;
        await session.end();
        last ??= new DatabaseUnreachableError(
          `${session.target.label}: the server is not ${target.parameters["target_session_attrs"]}`,
          "name another host, or change target_session_attrs",
        );
      } catch (error) {
        last = error;
        // Another server would not know better who we are, but it may be up.
        if (target.hosts.length === 1) throw error;
      }
    }
  }
  throw last;
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
  const { parameters } = target;
  const seconds = Number(parameters["connect_timeout"] ?? CONNECT_TIMEOUT_SECONDS);
  const client = new pg.Client({
    host: host.address ?? host.host,
    port: host.port,
    user: target.user,
    database: target.database,
    // A function, since the driver would look for another one when it is empty.
    password: () => host.password ?? "",
    ssl: tls === false ? false : { servername: serverName(host), ...tls },
    ...(tls === false && socket !== undefined ? { stream: socket } : {}),
    application_name: applicationName,
    connectionTimeoutMillis: seconds > 0 ? seconds * 1000 : 0,
    keepAlive: parameters["keepalives"] !== "0",
    options: startupOptions(parameters["options"]),
  });
  const lost = new Promise<never>((_, reject) => {
    client.on("error", (error) => reject(databaseError(error, target.label)));
    client.on("end", () =>
      reject(new DatabaseUnreachableError(`${target.label}: the connection was closed`)),
    );
  });
  lost.catch(() => {});
  await client.connect();
  try {
    return { ...(await prepared(client, target)), lost, end: () => client.end().catch(() => {}) };
  } catch (error) {
    await client.end().catch(() => {});
    throw error;
  }
}

/** TLS has no names for addresses. */
function serverName({ host }: PostgresHost): string | undefined {
  return /^[\d.]+$|:/.test(host) ? undefined : host;
}

async function prepared(client: pg.Client, target: PostgresTarget): Promise<Omit<Session, "lost" | "end">> {
  const query = async <Row extends pg.QueryResultRow>(sql: string, values?: unknown[]): Promise<Row[]> => {
    try {
      return (await client.query<Row>(sql, values)).rows;
    } catch (error) {
      throw databaseError(error, target.label);
    }
  };
  const [facts] = await query<ServerFacts & { pid: number }>(
    `SELECT current_setting('server_version') AS version, current_setting('server_version_num')::int AS "versionNumber",
       current_setting('server_encoding') AS encoding, pg_catalog.pg_is_in_recovery() AS "inRecovery",
       pg_catalog.pg_backend_pid() AS pid`,
  );
  const { pid, ...server } = facts!;
  if (server.versionNumber < OLDEST_SERVER) {
    throw new UsageError(
      `${target.label} is PostgreSQL ${server.version}`,
      "only version 12 and newer are supported: upgrade the server",
    );
  }
  await query(settingsCommand(server.encoding));
  return { client, server, target, pid, query };
}

/** The catalogues that are asked have what is asked from 12 on. */
const OLDEST_SERVER = 120000;

async function fits(session: Session, attributes: string): Promise<boolean> {
  if (attributes === "any") return true;
  if (attributes === "primary") return !session.server.inRecovery;
  if (attributes === "standby" || attributes === "prefer-standby") return session.server.inRecovery;
  const [row] = await session.query<{ read_only: string }>(
    "SELECT current_setting('transaction_read_only') AS read_only",
  );
  if (attributes === "read-only") return row!.read_only === "on";
  if (attributes === "read-write") return row!.read_only === "off";
  throw new UsageError(
    `target_session_attrs=${attributes} is unknown`,
    "give any, primary, standby, prefer-standby, read-write or read-only",
  );
}
