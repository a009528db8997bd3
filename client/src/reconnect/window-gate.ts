/** Keeps what is not durable small: asks for durability early, and holds commands back when that is not enough. */
import type { PutWindow } from "./put-window.ts";

export interface WindowGate {
  /** To be called before a command that puts. */
  check(): void;
  /** Null, or what every command has to wait for, so that commands keep their order. */
  readonly closed: Promise<void> | null;
}

/** @param done sends DONE. Its failure is not reported here: the commands that follow meet the same error. */
export function windowGate(window: PutWindow, limitBytes: number, done: () => Promise<unknown>): WindowGate {
  let flushing: Promise<void> | null = null;
  let closed: Promise<void> | null = null;
  return {
    get closed() {
      return closed;
    },
    check() {
      if (window.bytes > limitBytes / 2 && flushing === null) {
        const open = (): void => {
          flushing = null;
          closed = null;
        };
        flushing = done().then(open, open);
      }
      if (window.bytes > limitBytes) closed = flushing;
    },
  };
}
