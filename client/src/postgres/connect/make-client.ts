/** The driver's client for one server, told what libpq would be told. */
import type { EventEmitter } from "node:events";
import { Socket } from "node:net";
import pg from "pg";
import { arrangeSocket } from "./arrange-socket.ts";
import { authenticationDemands, guardAuthentication } from "./authentication-demands.ts";
import type { Parameters } from "./parameters.ts";
import { startupOptions } from "./session-settings.ts";
import type { PostgresHost, PostgresTarget } from "./target.ts";
import { sslNegotiation, type TlsAttempt } from "./tls-options.ts";

/** Makes the socket of a connection that has no TLS. */
export type MakeSocket = () => Socket;

/** The driver's connection: messages of the server are its events. */
type DriverConnection = EventEmitter & { stream: Socket };

/** Seconds to wait for one server where nothing else is said: a dead host must not block a backup for minutes. */
const CONNECT_TIMEOUT_SECONDS = 30;
/** libpq has no limit; the driver's own is below what administrators choose. */
const MOST_SCRAM_ITERATIONS = 1e8;

/** Not connected yet. `socket`: instead of a usual one. Throws USAGE for parameters that libpq would refuse. */
export function makeClient(
  { parameters, user, database, label }: PostgresTarget,
  host: PostgresHost,
  tls: TlsAttempt,
  applicationName: string,
  socket: MakeSocket | undefined,
): { client: pg.Client; connection: DriverConnection } {
  const demands = authenticationDemands(parameters);
  const encrypted = tls !== false;
  const config: pg.ClientConfig & { scramMaxIterations: number } = {
    host: host.address ?? host.host,
    port: host.port,
    user,
    database,
    password: () => {
      mayLogIn();
      // Without a value the driver would look for another one.
      return host.password ?? "";
    },
    ssl: encrypted ? { servername: serverName(host), ...tls } : false,
    sslnegotiation: encrypted ? sslNegotiation(parameters) : "postgres",
    enableChannelBinding: demands.bound && encrypted,
    scramMaxIterations: MOST_SCRAM_ITERATIONS,
    stream: () => {
      const made = socket !== undefined && !encrypted ? socket() : new Socket();
      return arrangeSocket(made, parameters, host.host);
    },
    application_name: applicationName,
    connectionTimeoutMillis: connectTimeout(parameters),
    options: startupOptions(parameters["options"]),
  };
  const client = new pg.Client(config);
  const { connection } = client as unknown as { connection: DriverConnection };
  const mayLogIn = guardAuthentication(connection, demands, { label, encrypted });
  return { client, connection };
}

/** Milliseconds; 0 for no limit. */
function connectTimeout(parameters: Parameters): number {
  const seconds = Number(parameters["connect_timeout"] ?? CONNECT_TIMEOUT_SECONDS);
  return seconds > 0 ? seconds * 1000 : 0;
}

/** TLS has no names for addresses. */
function serverName({ host }: PostgresHost): string | undefined {
  return /^[\d.]+$|:/.test(host) ? undefined : host;
}
