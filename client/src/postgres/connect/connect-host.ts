/** Connects to one server as libpq would, and gives the session canonical settings. */
import { DatabaseUnreachableError, type DatadbError, UsageError } from "@datadb/protocol";
import type pg from "pg";
import { databaseError, sqlState } from "./database-error.ts";
import { keepAwake } from "./keep-awake.ts";
import { type MakeSocket, makeClient } from "./make-client.ts";
import { isPooled, refusePooling } from "./refuse-pooling.ts";
import type { ServerFacts, Session } from "./session.ts";
import { settingsCommand } from "./session-settings.ts";
import { type PostgresHost, type PostgresTarget, targetHost } from "./target.ts";
import { type TlsAttempt, tlsAttempts } from "./tls-options.ts";

/** Encrypted or not, as the target allows, one after the other. Throws as openSession does. */
export async function connectHost(
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
