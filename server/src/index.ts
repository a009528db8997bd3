/** The database: an open store, sessions that run commands on it, and the listeners through which clients reach them. */
export { hashPassword } from "./access/password-hash.ts";
export type { User, UserConfig } from "./access/users.ts";
export { MissingChildError } from "./blobs/missing-child-error.ts";
export type * from "./database.ts";
export * from "./keyspace/index.ts";
export { isLoopback } from "./listeners/loopback.ts";
export { openServer, type Server, type ServerOptions } from "./listeners/open-server.ts";
export { type Listener, type ListenOptions, listenOnSocket } from "./listeners/resp/resp-listener.ts";
export type { Monitor, MonitorSink } from "./monitor/monitor.ts";
export { type MonitorEvent, originLine, redisLine } from "./monitor/monitor-event.ts";
export { type RebuildOptions, type RebuildSummary, rebuildStore } from "./rebuild/rebuild-store.ts";
export { type ServerState, serverState } from "./session/server-state.ts";
export { Session, type SessionChannel, type SessionOptions } from "./session/session.ts";
export { sessionLease } from "./session/session-lease.ts";
export { type CreateOptions, createStore } from "./store/create-store.ts";
export { type OpenOptions, openDatabase } from "./store/open-database.ts";
export { readConfig } from "./store/read-config.ts";
export type { StoreConfig } from "./store/store-config.ts";
