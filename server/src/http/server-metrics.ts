/** What /metrics tells of a server. */
import { COMMANDS } from "@datadb/protocol";
import { VERSION } from "../dispatch/version.ts";
import type { CollectorFacts } from "../gc/collection.ts";
import type { ServerState } from "../session/server-state.ts";
import type { Metric } from "./metrics-text.ts";

export function serverMetrics(server: ServerState): Metric[] {
  const { database, monitor, sessions } = server;
  const { rss, heapUsed } = process.memoryUsage();
  const clients = [...sessions.values()].filter((session) => session.channel !== undefined).length;
  return [
    {
      name: "datadb_info",
      type: "gauge",
      help: "The release.",
      values: [{ labels: { version: VERSION, store: database.info.id }, value: 1 }],
    },
    one("datadb_start_time_seconds", "gauge", "When the server started.", server.startedAt / 1000),
    one("datadb_connected_clients", "gauge", "Open connections.", clients),
    one("datadb_connections_received_total", "counter", "Connections accepted.", server.connectionsReceived),
    one(
      "datadb_connections_rejected_total",
      "counter",
      "Connections refused because there were too many.",
      server.connectionsRejected,
    ),
    one("datadb_monitor_clients", "gauge", "Readers of the monitor.", monitor.readers()),
    one(
      "datadb_read_only",
      "gauge",
      "1 when nothing can be committed any more.",
      database.commits.readOnlyReason() === null ? 0 : 1,
    ),
    one("datadb_log_sequence", "counter", "Log records written.", database.commits.head().sequence),
    ...collectorMetrics(database.collector()),
    one("process_resident_memory_bytes", "gauge", "Resident memory.", rss),
    one("datadb_heap_used_bytes", "gauge", "JavaScript heap in use.", heapUsed),
    ...commandMetrics(server),
    ...backendMetrics(database.backendCounters()),
  ];
}

function one(name: string, type: Metric["type"], help: string, value: number): Metric {
  return { name, type, help, values: [{ value }] };
}

function collectorMetrics({ phase, runs, blobs, returned }: CollectorFacts): Metric[] {
  return [
    one("datadb_gc_running", "gauge", "1 while garbage is collected.", phase === "" ? 0 : 1),
    one("datadb_gc_runs_total", "counter", "Garbage collections.", runs),
    one("datadb_gc_removed_blobs_total", "counter", "Blobs that collections removed.", blobs),
    one("datadb_gc_returned_bytes_total", "counter", "Bytes of packs that collections returned.", returned),
  ];
}

function commandMetrics({ statistics }: ServerState): Metric[] {
  const called = [...COMMANDS.keys()]
    .map((command, i) => ({ labels: { command }, counts: statistics[i]! }))
    .filter(({ counts }) => counts.calls + counts.rejected > 0);
  const metric = (
    name: string,
    help: string,
    value: (counts: (typeof called)[number]["counts"]) => number,
  ): Metric => ({
    name,
    help,
    type: "counter",
    values: called.map(({ labels, counts }) => ({ labels, value: value(counts) })),
  });
  return [
    metric("datadb_commands_total", "Commands run.", ({ calls }) => calls),
    metric("datadb_commands_failed_total", "Commands that answered an error.", ({ failed }) => failed),
    metric("datadb_commands_rejected_total", "Commands refused before they ran.", ({ rejected }) => rejected),
    metric(
      "datadb_commands_seconds_total",
      "Time in commands, extrapolated from every 16th.",
      ({ microseconds }) => microseconds / 1e6,
    ),
  ];
}

/** `blobs-uploaded` of every backend becomes datadb_backend_blobs_uploaded with the backend as label. */
function backendMetrics(counters: Record<string, Record<string, number>>): Metric[] {
  const names = new Set(Object.values(counters).flatMap((counts) => Object.keys(counts)));
  return [...names].map((name) => ({
    name: `datadb_backend_${name.replaceAll("-", "_")}`,
    help: `Counter ${name} of each backend.`,
    type: /^(open|queue|member)-/.test(name) ? ("gauge" as const) : ("counter" as const),
    values: Object.entries(counters).flatMap(([backend, counts]) =>
      counts[name] === undefined ? [] : [{ labels: { backend }, value: counts[name] }],
    ),
  }));
}
