/** Starts the thread that receives the kernel's requests. */
import { Worker } from "node:worker_threads";
import {
  type ReceiverContext,
  type ReceiverMessage,
  type ServerMessage,
  SHARED_BYTES,
  STOP_AT,
  TOTALS_AT,
} from "./messages.ts";

export interface RunningReceiver {
  post(message: ServerMessage): void;
  /** Resolves with the kernel's first request. */
  ready: Promise<void>;
  /** Resolves when nothing more comes; rejects when the device or the thread failed. */
  ended: Promise<void>;
  /** Whether `ended` is settled, or about to be. */
  isOver(): boolean;
  stop(): void;
  /** What statfs shows from now on. */
  setTotals(bytes: number, entries: number): void;
}

/** `handle` gets every message but those of the beginning and the end, in order. */
export function startReceiver(
  context: Omit<ReceiverContext, "shared">,
  handle: (message: ReceiverMessage) => void,
): RunningReceiver {
  const shared = new SharedArrayBuffer(SHARED_BYTES);
  const source = import.meta.url.endsWith(".ts");
  const file = new URL(source ? "./receiver-worker.ts" : "./receiver-worker.js", import.meta.url);
  const execArgv = source ? ["--conditions=source", "--disable-warning=ExperimentalWarning"] : [];
  const workerData: ReceiverContext = { ...context, shared };
  const thread = new Worker(file, { workerData, execArgv, trackUnmanagedFds: false });
  // A thread that waits for the kernel cannot be ended: an exit would wait for it, and whoever waits for an answer could not be
  // killed. The kernel fails all that is open when the process is gone, and the watchdog takes the mount away.
  const die = (): boolean => process.kill(process.pid, "SIGKILL");
  process.on("exit", die);
  let over = false;
  thread.on("exit", () => {
    over = true;
    process.off("exit", die);
  });
  let said: () => void = () => undefined;
  const ready = new Promise<void>((resolve) => {
    said = resolve;
  });
  const ended = new Promise<void>((resolve, reject) => {
    let why: string | null = null;
    thread.on("message", (message: ReceiverMessage) => {
      if (message.kind === "ready") said();
      else if (message.kind === "end") why = message.error;
      else handle(message);
    });
    thread.on("error", reject);
    thread.on("exit", () => (why === null ? resolve() : reject(new Error(why))));
  });
  return {
    post: (message) => thread.postMessage(message),
    ready,
    ended,
    isOver: () => over,
    stop: () => void Atomics.store(new Int32Array(shared), STOP_AT, 1),
    setTotals(bytes, entries) {
      const totals = new Float64Array(shared, TOTALS_AT);
      totals[0] = bytes;
      totals[1] = entries;
    },
  };
}
