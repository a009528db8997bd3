/** /debug/monitor: what the scheduler does, as server-sent events, one JSON object each. */
import type { ServerResponse } from "node:http";
import type { Daemon, DaemonEvent } from "../daemon/daemon.ts";
import { daemonStatus } from "../daemon/daemon-status.ts";

/** How often health is told, also when nothing happens: silence of the stream means that the scheduler is gone. */
const HEALTH_INTERVAL_MS = 15_000;
/** A reader that is slower loses events. */
const MAX_QUEUED_BYTES = 1024 * 1024;

/** Streams until the reader goes. */
export function streamEvents(daemon: Daemon, response: ServerResponse): void {
  response.writeHead(200, {
    "content-type": "text/event-stream",
    "cache-control": "no-cache, no-transform",
    "x-accel-buffering": "no",
  });
  const send = (event: DaemonEvent | ReturnType<typeof healthEvent>): void => {
    if (response.writableLength > MAX_QUEUED_BYTES) return;
    response.write(`data: ${JSON.stringify(event)}\n\n`);
  };
  send(healthEvent(daemon));
  const end = daemon.subscribe((event) => {
    send(event);
    // What ended or became overdue changes who is healthy.
    if (event.type === "ended" || event.type === "overdue") setImmediate(() => send(healthEvent(daemon)));
  });
  const heartbeat = setInterval(() => send(healthEvent(daemon)), HEALTH_INTERVAL_MS).unref();
  response.on("close", () => {
    clearInterval(heartbeat);
    end();
  });
  response.on("error", () => response.destroy());
}

function healthEvent(daemon: Daemon): {
  type: "health";
  healthy: boolean;
  unhealthy: Record<string, string[]>;
} {
  const ill = daemonStatus(daemon).filter(({ healthy }) => !healthy);
  return {
    type: "health",
    healthy: ill.length === 0,
    unhealthy: Object.fromEntries(ill.map(({ job, problems }) => [job, problems])),
  };
}
