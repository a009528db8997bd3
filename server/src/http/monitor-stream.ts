/** /debug/monitor: the commands that run, as server-sent events. */
import type { ServerResponse } from "node:http";
import type { Monitor } from "../monitor/monitor.ts";
import { originLine } from "../monitor/monitor-event.ts";

/** Proxies and readers see that the connection lives; a dead reader is noticed by the write. */
const HEARTBEAT_MS = 15_000;

/** Streams until the reader goes. */
export function streamMonitor(monitor: Monitor, response: ServerResponse): void {
  response.writeHead(200, {
    "content-type": "text/event-stream",
    "cache-control": "no-cache, no-transform",
    "x-accel-buffering": "no",
  });
  response.write(": datadb monitor\n\n");
  const remove = monitor.subscribe({
    write: (event) => response.write(`data: ${originLine(event)}\n\n`),
    lost: (count) => response.write(`: ${count} lines lost: this reader is too slow\n\n`),
    queuedBytes: () => response.writableLength + (response.socket?.writableLength ?? 0),
  });
  const heartbeat = setInterval(() => {
    // A reader that takes nothing gets nothing more to take.
    if (response.writableNeedDrain) return;
    response.write(": heartbeat\n\n");
  }, HEARTBEAT_MS).unref();
  response.on("close", () => {
    clearInterval(heartbeat);
    remove();
  });
  response.on("error", () => response.destroy());
}
