/** How long and how a lost connection is replaced. */
import type { Connection } from "../connection.ts";

export interface ReconnectOptions {
  /** A connection that is open already; when it has `local`, the blobs stay directly reachable. */
  initial?: Connection;
  /** Milliseconds without a connection after which calls fail; one minute by default. */
  giveUpAfterMs?: number;
  /** Bytes that were put and are not durable yet, at most; beyond, DONE is sent. 64 MiB by default. */
  windowBytes?: number;
  /** First pause between attempts, doubled up to two seconds; 50 ms by default. */
  pauseMs?: number;
  /** Told when a connection was lost, and what replaced it. */
  onReconnect?: (event: { lost: Error; attempts: number }) => void;
  /** Ends waiting for a connection. */
  signal?: AbortSignal;
}
