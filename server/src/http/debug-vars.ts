/** /debug/vars: counters as JSON under the names that the origin's expvar interface gave them. */
import { COMMANDS, safeCommandLine } from "@datadb/protocol";
import type { ServerState } from "../session/server-state.ts";

/** Types of backends that have counters even when the store uses none of them. */
const BACKEND_TYPES = ["blobsfile", "encrypt", "glacier", "mirror", "s3"];
const TOTAL = "total";
const COUNTERS = ["blobs-downloaded", "blobs-uploaded", "bytes-downloaded", "bytes-uploaded"];

export function debugVars(server: ServerState): Record<string, unknown> {
  const { monitor, startedAt, connectionsReceived } = server;
  return {
    ...backendVars(server.database.backendCounters()),
    cmdline: safeCommandLine(process.argv),
    memstats: process.memoryUsage(),
    "server-active-monitor-client": monitor.readers(),
    "server-command-stats": commandCounts(server),
    "server-started-at": startTime(new Date(startedAt)),
    "server-total-connections-received": connectionsReceived,
  };
}

function commandCounts({ statistics }: ServerState): Record<string, number> {
  const counts = [...COMMANDS.keys()].map((name, i): [string, number] => [name, statistics[i]!.calls]);
  return Object.fromEntries(counts.filter(([, calls]) => calls > 0).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** `blobsfile-blobs-uploaded: {"/srv/store/blobs": 12}`: a backend's description is its type, a blank and its place. */
function backendVars(
  counters: Record<string, Record<string, number>>,
): Record<string, Record<string, number>> {
  const vars: Record<string, Record<string, number>> = { "blobsfile-open-fds": {} };
  for (const type of BACKEND_TYPES) for (const name of COUNTERS) vars[`${type}-${name}`] = {};
  for (const [description, counts] of Object.entries(counters)) {
    const blank = description.indexOf(" ");
    const type = blank < 0 ? description : description.slice(0, blank);
    const place = placeOf(type, blank < 0 ? "" : description.slice(blank + 1));
    for (const [name, count] of Object.entries(counts)) {
      vars[`${type}-${name}`] ??= {};
      vars[`${type}-${name}`]![place] =
        count + (place === TOTAL ? (vars[`${type}-${name}`]![TOTAL] ?? 0) : 0);
    }
  }
  return Object.fromEntries(Object.entries(vars).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** What mirrors count of themselves, not of their members, is told as one sum. */
function placeOf(type: string, rest: string): string {
  return rest === "" || (type === "mirror" && rest.startsWith("of ")) ? TOTAL : rest;
}

/** RFC 822 with a numeric zone, e.g. `12 Jun 14 20:11 +0000`, as the origin has it. */
function startTime(date: Date): string {
  const [, day, month, year, time] = date.toUTCString().split(" ") as [
    string,
    string,
    string,
    string,
    string,
  ];
  return `${day} ${month} ${year.slice(2)} ${time.slice(0, 5)} +0000`;
}
