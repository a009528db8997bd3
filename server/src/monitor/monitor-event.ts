/** One executed command as monitors tell it, in the two forms there are. */

export interface MonitorEvent {
  /** Milliseconds since 1970. */
  time: number;
  /** The database that the session has selected, for people. */
  database: string;
  /** `ip:port`, `unix:/path`, or `embedded` for the client in the server's own process. */
  address: string;
  /** Lower case. */
  name: string;
  /** All arguments but the name; no secret among them, no line breaks. */
  arguments: readonly string[];
}

/** The data line of /debug/monitor, as the origin writes it (two blanks after `command` included). */
export function originLine(event: MonitorEvent): string {
  return `${event.name} command  with args [${event.arguments.join(" ")}] from client: ${event.address}`;
}

/** The line of MONITOR, as redis writes it. */
export function redisLine(event: MonitorEvent): string {
  const words = [event.name, ...event.arguments].map((word) => `"${word.replaceAll('"', '\\"')}"`);
  return `${(event.time / 1000).toFixed(6)} [${event.database} ${event.address}] ${words.join(" ")}`;
}
