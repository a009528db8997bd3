/** Accepts RESP connections: on TCP, with or without TLS, or on a unix socket. */
import { chmodSync, statSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { dirname } from "node:path";
import type { TlsOptions } from "node:tls";
import { ReplyError } from "@datadb/protocol";
import type { Database } from "../../database.ts";
import { serverState } from "../../session/server-state.ts";
import { Session } from "../../session/session.ts";
import { type ConnectionLimits, DEFAULT_LIMITS } from "./connection-limits.ts";
import { RespConnection } from "./resp-connection.ts";

export interface Listener {
  /** The port that was bound, for TCP. */
  readonly port: number | undefined;
  /** Stops accepting and closes all its connections. Idempotent. */
  close(): Promise<void>;
}

export interface ListenOptions {
  limits?: Partial<ConnectionLimits> | undefined;
  tls?: TlsOptions | undefined;
}

/** How often idle and half-sent connections are looked for. */
const WATCH_MS = 1000;
/** Dead peers are noticed after about this time without traffic. */
const KEEP_ALIVE_MS = 60_000;

/** Listens on TCP. Rejects with the system's error (EADDRINUSE ...). */
export function listenOnTcp(
  database: Database,
  host: string,
  port: number,
  options: ListenOptions = {},
): Promise<Listener> {
  return listen(database, (server) => server.listen({ host, port }), options, undefined);
}

/**
 * Listens on a unix socket that only its owner can use. The path must be free and at most 107 bytes; the socket is removed when
 * the listener closes.
 */
export function listenOnSocket(
  database: Database,
  path: string,
  options: ListenOptions = {},
): Promise<Listener> {
  const listening = (server: Server): void => {
    if (isPrivate(dirname(path))) return void server.listen({ path });
    // Between bind and chmod nobody else may connect either. The umask is the whole process's.
    const mask = process.umask(0o177);
    try {
      server.listen({ path });
    } finally {
      process.umask(mask);
    }
  };
  return listen(database, listening, options, path);
}

/** Whether only its owner can reach what is in a directory. False when it is not there: binding then says so. */
function isPrivate(directory: string): boolean {
  const found = statSync(directory, { throwIfNoEntry: false });
  return found !== undefined && (found.mode & 0o077) === 0;
}

async function listen(
  database: Database,
  start: (server: Server) => void,
  options: ListenOptions,
  path: string | undefined,
): Promise<Listener> {
  const limits: ConnectionLimits = { ...DEFAULT_LIMITS, ...options.limits };
  const connections = new Map<Socket, RespConnection>();
  const accept = (socket: Socket): void => admit(database, socket, path, limits, connections);
  const server =
    options.tls === undefined
      ? createServer({ allowHalfOpen: true }, accept)
      : // Loading it takes a tenth of the time of a short command, which listens as well.
        (await import("node:tls")).createServer({ ...options.tls, allowHalfOpen: true }, accept);
  server.on("tlsClientError", (_error, socket) => socket.destroy());
  // Also those whose client has not come to speak TLS: nobody else would end them.
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.once("listening", () => resolve());
    start(server);
  });
  if (path !== undefined) chmodSync(path, 0o600);
  server.on("error", serverState(database).report);
  const watch = setInterval(
    () => watchConnections(connections, limits, path !== undefined),
    WATCH_MS,
  ).unref();
  const address = server.address();
  let closing: Promise<void> | undefined;
  return {
    port: typeof address === "object" && address !== null ? address.port : undefined,
    close: () => {
      closing ??= new Promise((resolve) => {
        clearInterval(watch);
        server.close(() => resolve());
        for (const socket of connections.keys()) socket.destroy();
        for (const socket of sockets) socket.destroy();
      });
      return closing;
    },
  };
}

function admit(
  database: Database,
  socket: Socket,
  path: string | undefined,
  limits: ConnectionLimits,
  connections: Map<Socket, RespConnection>,
): void {
  const state = serverState(database);
  state.connectionsReceived++;
  state.maxClients = limits.clients;
  const connected = [...state.sessions.values()].filter((session) => session.channel !== undefined).length;
  if (connected >= limits.clients) {
    state.connectionsRejected++;
    socket.on("error", () => socket.destroy());
    socket.end("-ERR max number of clients reached\r\n");
    socket.resume();
    return;
  }
  socket.setNoDelay(true);
  socket.setKeepAlive(true, KEEP_ALIVE_MS);
  const { remoteAddress = "", remotePort = 0 } = socket;
  const host = remoteAddress.includes(":") ? `[${remoteAddress}]` : remoteAddress;
  const session = new Session(database, {
    address: path === undefined ? `${host}:${remotePort}` : `unix:${path}`,
    // Whoever can open the store's own socket can open its files.
    user: path === undefined ? undefined : { name: "default", right: "admin" },
    channel: {
      push: (message) => connection.push(message),
      queuedBytes: () => socket.writableLength,
      close: () => socket.destroy(),
      describe: () => ({
        idle: Math.floor((Date.now() - connection.lastInput) / 1000),
        obl: socket.writableLength,
      }),
    },
  });
  const connection = new RespConnection(socket, session, limits);
  connections.set(socket, connection);
  socket.on("close", () => connections.delete(socket));
}

function watchConnections(
  connections: Map<Socket, RespConnection>,
  limits: ConnectionLimits,
  local: boolean,
): void {
  const now = Date.now();
  for (const connection of connections.values()) {
    const { session, lastInput } = connection;
    const quiet = (now - lastInput) / 1000;
    const unauthenticated = session.user === null && (now - session.createdAt) / 1000 > limits.partialSeconds;
    if (unauthenticated || (connection.partial && quiet > limits.partialSeconds)) {
      const what = unauthenticated ? "no authentication" : "no end of the command";
      connection.refuse(
        new ReplyError(`ERR ${what} within ${limits.partialSeconds} seconds; closing the connection`),
      );
    } else if (!local && !connection.busy && limits.idleSeconds > 0 && quiet > limits.idleSeconds) {
      connection.refuse(
        new ReplyError(`ERR idle for more than ${limits.idleSeconds} seconds; closing the connection`),
      );
    }
  }
}
