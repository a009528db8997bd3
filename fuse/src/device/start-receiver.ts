/** Starts the thread that receives the kernel's requests. */
import { Worker } from "node:worker_threads";
import type { ReceiverContext, ReceiverMessage, ServerMessage } from "./messages.ts";

export interface RunningReceiver {
  post(message: ServerMessage): void;
  /** Resolves with the kernel's first request. */
  ready: Promise<void>;
  /** Resolves when nothing more comes; rejects when the device or the thread failed. */
  ended: Promise<void>;
  stop(): void;
}

/** `handle` gets every message but those of the beginning and the end, in order. */
export function startReceiver(
  context: Omit<ReceiverContext, "stop">,
  handle: (message: ReceiverMessage) => void,
): RunningReceiver {
  const stop = new SharedArrayBuffer(4);
  const source = import.meta.url.endsWith(".ts");
  const file = new URL(source ? "./receiver-worker.ts" : "./receiver-worker.js", import.meta.url);
  const execArgv = source ? ["--conditions=source", "--disable-warning=ExperimentalWarning"] : [];
  const workerData: ReceiverContext = { ...context, stop };
  const thread = new Worker(file, { workerData, execArgv, trackUnmanagedFds: false });
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
    stop: () => void Atomics.store(new Int32Array(stop), 0, 1),
  };
}
