/** Opens the listeners of a database: RESP on TCP and, if wanted, a unix socket, and HTTP. */
import { openUsers } from "../access/users.ts";
import type { Database } from "../database.ts";
import type { HttpListener } from "../http/open-http.ts";
import { serverState } from "../session/server-state.ts";
import { requireUsersBeyondLoopback } from "./loopback.ts";
import { type Listener, listenOnSocket, listenOnTcp } from "./resp/resp-listener.ts";
import { readServerConfig, type ServerConfig } from "./server-config.ts";

/** What a caller decides over config.yaml. */
export interface ServerOptions {
  host?: string | undefined;
  port?: number | undefined;
  /** Absent: `host`, when that is given. */
  httpHost?: string | undefined;
  /** Null: no HTTP. */
  httpPort?: number | null | undefined;
  socket?: string | undefined;
  /** Runs when a client sends SHUTDOWN; the caller then closes server and database. */
  onShutdown?: (() => void) | undefined;
  /** Takes errors that are nobody's answer; standard error when absent. */
  onError?: ((error: unknown) => void) | undefined;
}

export interface Server {
  readonly host: string;
  readonly port: number;
  /** Null: no HTTP. */
  readonly http: { readonly host: string; readonly port: number } | null;
  readonly socket: string | undefined;
  /** Both listeners speak TLS. */
  readonly tls: boolean;
  /** Stops listening and closes all connections. The database stays open. Idempotent. */
  close(): Promise<void>;
}

/**
 * Listens as config.yaml and the options say. Rejects with USAGE for a configuration that cannot be (also: beyond loopback
 * without users) and with the system's error (EADDRINUSE ...); nothing listens then.
 */
export async function openServer(database: Database, options: ServerOptions = {}): Promise<Server> {
  const config = withOptions(readServerConfig(database.settings), options);
  const users = openUsers(config.users);
  requireUsersBeyondLoopback(config.host, config.port, users.required, "the listener");
  if (config.http)
    requireUsersBeyondLoopback(config.http.host, config.http.port, users.required, "the HTTP listener");
  const state = serverState(database);
  state.users = users;
  if (options.onShutdown !== undefined) state.shutdown = options.onShutdown;
  if (options.onError !== undefined) state.report = options.onError;
  const opened: { close(): Promise<void> }[] = [];
  const closeAll = async (): Promise<void> => {
    await Promise.all(opened.map((listener) => listener.close()));
    state.listening = {};
  };
  const keep = <L extends Listener | HttpListener>(listener: L): L => {
    opened.push(listener);
    return listener;
  };
  const { host, tls, limits, socket } = config;
  try {
    const resp = keep(await listenOnTcp(database, host, config.port, { limits, tls }));
    if (socket !== undefined) keep(await listenOnSocket(database, socket, { limits }));
    // Loaded only when it is served: a third of the start-up time of every command would be the HTTP framework's.
    const http =
      config.http &&
      keep(await (await import("../http/open-http.ts")).openHttp(state, { ...config.http, tls }));
    const port = resp.port ?? config.port;
    state.listening = { resp: `${host}:${port}` };
    if (socket !== undefined) state.listening.socket = socket;
    if (http && config.http) state.listening.http = `${config.http.host}:${http.port}`;
    return {
      host,
      port,
      http: http && config.http && { host: config.http.host, port: http.port },
      socket,
      tls: tls !== undefined,
      close: closeAll,
    };
  } catch (error) {
    await closeAll();
    throw error;
  }
}

function withOptions(config: ServerConfig, options: ServerOptions): ServerConfig {
  const { host, port, httpHost = host, httpPort, socket } = options;
  const http = httpPort === null || config.http === null ? null : { ...config.http };
  if (http && httpHost !== undefined) http.host = httpHost;
  if (http && typeof httpPort === "number") http.port = httpPort;
  return {
    ...config,
    host: host ?? config.host,
    port: port ?? config.port,
    socket: socket ?? config.socket,
    http,
  };
}
