/** Tells every reader what the server executes, without ever waiting for one. */
import type { MonitorEvent } from "./monitor-event.ts";

/** Where a reader's lines go. */
export interface MonitorSink {
  /** Takes a line, at once. */
  write(event: MonitorEvent): void;
  /** Takes word of lines that were lost because the sink was full. */
  lost(count: number): void;
  /** Bytes that were written and not yet sent. */
  queuedBytes(): number;
}

/** What a reader may have waiting: a few thousand lines. */
export const MAX_QUEUED_BYTES: number = 1024 * 1024;

/** Word of losses comes at latest with the next line, and after this time without one. */
const LOST_CHECK_MS = 1000;

export interface Monitor {
  /** Whether anybody reads: with nobody, publish need not be called. */
  active: boolean;
  /** Readers at the moment. */
  readers(): number;
  publish(event: MonitorEvent): void;
  /** Adds a reader; returns what removes it. */
  subscribe(sink: MonitorSink): () => void;
}

export function createMonitor(): Monitor {
  const lost = new Map<MonitorSink, number>();
  let timer: NodeJS.Timeout | undefined;
  const tell = (sink: MonitorSink): boolean => {
    if (sink.queuedBytes() > MAX_QUEUED_BYTES) return false;
    const count = lost.get(sink) ?? 0;
    if (count > 0) {
      lost.set(sink, 0);
      sink.lost(count);
    }
    return true;
  };
  const monitor: Monitor = {
    active: false,
    readers: () => lost.size,
    publish: (event) => {
      for (const [sink, count] of lost) {
        if (tell(sink)) sink.write(event);
        else lost.set(sink, count + 1);
      }
    },
    subscribe: (sink) => {
      lost.set(sink, 0);
      monitor.active = true;
      timer ??= setInterval(() => {
        for (const other of lost.keys()) tell(other);
      }, LOST_CHECK_MS).unref();
      return () => {
        lost.delete(sink);
        monitor.active = lost.size > 0;
        if (monitor.active) return;
        clearInterval(timer);
        timer = undefined;
      };
    },
  };
  return monitor;
}
