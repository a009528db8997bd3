/** The sections of INFO. Fields that Redis has are named as there, so that tools which read them work. */
import { arch, platform } from "node:os";
import { COMMANDS } from "@datadb/protocol";
import type { Session } from "../session/session.ts";
import { VERSION } from "./version.ts";

type Lines = Record<string, string | number>;
type Section = (session: Session) => Lines | Promise<Lines>;

export const INFO_SECTIONS: Readonly<Record<string, Section>> = {
  server: ({ server }) => {
    const uptime = Math.floor((Date.now() - server.startedAt) / 1000);
    return {
      // Clients decide by it what they may send.
      redis_version: "7.0.0",
      redis_mode: "standalone",
      datadb_version: VERSION,
      os: `${platform()} ${arch()}`,
      process_id: process.pid,
      run_id: server.runId,
      tcp_port: server.listening.resp?.split(":").at(-1) ?? 0,
      unix_socket: server.listening.socket ?? "",
      server_time_usec: Date.now() * 1000,
      uptime_in_seconds: uptime,
      uptime_in_days: Math.floor(uptime / 86_400),
      node_version: process.version,
    };
  },
  clients: ({ server }) => ({
    connected_clients: [...server.sessions.values()].filter((session) => session.channel !== undefined)
      .length,
    maxclients: server.maxClients,
    monitor_clients: server.monitor.readers(),
    transactions: [...server.sessions.values()].filter((session) => session.transaction !== null).length,
  }),
  memory: () => {
    const { rss, heapUsed, heapTotal, external, arrayBuffers } = process.memoryUsage();
    return {
      used_memory: heapUsed + external,
      used_memory_rss: rss,
      used_memory_heap: heapUsed,
      used_memory_heap_total: heapTotal,
      used_memory_external: external,
      used_memory_buffers: arrayBuffers,
    };
  },
  persistence: ({ server }) => ({
    loading: 0,
    log_sequence: server.database.commits.head().sequence,
    log_last_checkpoint: server.database.commits.lastCheckpoint(),
    read_only: server.database.commits.readOnlyReason() === null ? 0 : 1,
  }),
  stats: ({ server }) => ({
    total_connections_received: server.connectionsReceived,
    rejected_connections: server.connectionsRejected,
    total_commands_processed: server.commandsProcessed,
  }),
  replication: () => ({ role: "master", connected_slaves: 0 }),
  commandstats: ({ server }) => {
    const lines: Lines = {};
    for (const [index, name] of [...COMMANDS.keys()].entries()) {
      const { calls, microseconds, failed, rejected } = server.statistics[index]!;
      if (calls + rejected === 0) continue;
      const usec = Math.round(microseconds);
      const each = calls === 0 ? 0 : microseconds / calls;
      lines[`cmdstat_${name}`] =
        `calls=${calls},usec=${usec},usec_per_call=${each.toFixed(2)},rejected_calls=${rejected},failed_calls=${failed}`;
    }
    return lines;
  },
  cluster: () => ({ cluster_enabled: 0 }),
  keyspace: async ({ server }) => {
    const counts = await server.keyCounts();
    return Object.fromEntries(
      [...counts].map(([name, count]) => [`db${name}`, `keys=${count},expires=0,avg_ttl=0`]),
    );
  },
  gc: ({ server }) => {
    const { phase, done, total, runs, blobs, returned } = server.database.collector();
    return {
      gc_phase: phase,
      gc_done: done,
      gc_total: total,
      gc_runs: runs,
      gc_removed_blobs: blobs,
      gc_returned_bytes: returned,
    };
  },
  store: ({ server }) => {
    const { id, hash, format, chunker, timezone } = server.database.info;
    return {
      store_id: id,
      store_hash: hash,
      store_format: format,
      store_chunker: [chunker.algorithm, chunker.min, chunker.avg, chunker.max].join(":"),
      store_timezone: timezone,
      store_whole: server.database.whole() ? 1 : 0,
    };
  },
};

/** What INFO alone answers: everything but the long commandstats. */
export const DEFAULT_SECTIONS: readonly string[] = Object.keys(INFO_SECTIONS).filter(
  (name) => name !== "commandstats",
);
