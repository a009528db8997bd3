/** Keeps what is not durable small: asks for durability early, and holds commands back when that is not enough. */
import type { PutWindow } from "./put-window.ts";

export interface WindowGate {
  /** What a command has to wait for before it asks again; null: it may be sent. All wait, to keep their order. */
  closedFor(puts: boolean): Promise<void> | null;
}

/** @param done sends DONE. Its failure is not reported here: the commands that follow meet the same error. */
export function windowGate(window: PutWindow, limitBytes: number, done: () => Promise<unknown>): WindowGate {
  let flushing: Promise<void> | null = null;
  let closed: Promise<void> | null = null;

  function open(): void {
    flushing = null;
    closed = null;
  }

  return {
    closedFor(puts) {
      if (puts && window.bytes > limitBytes / 2) flushing ??= done().then(open, open);
      if (puts && window.bytes > limitBytes) closed = flushing;
      return closed;
    },
  };
}
