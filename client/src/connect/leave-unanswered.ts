/** An interrupted client waits for a server that answers, to take leave of it, and not for one that does not. */

/** How long for the next answer. */
const LEAVE_MS = 5000;

export interface Leaving {
  /** The server has answered. */
  answered(): void;
  /** The connection has ended. */
  stop(): void;
}

/** Calls `leave` once the signal is aborted and nothing came for five seconds, although `waiting`. */
export function leaveUnanswered(
  signal: AbortSignal | undefined,
  waiting: () => boolean,
  leave: () => void,
): Leaving {
  let timer: NodeJS.Timeout | null = null;
  function start(): void {
    timer = setTimeout(() => {
      if (waiting()) leave();
      else timer?.refresh();
    }, LEAVE_MS).unref();
  }
  if (signal?.aborted) start();
  else signal?.addEventListener("abort", start, { once: true });
  return {
    answered: () => void timer?.refresh(),
    stop() {
      if (timer !== null) clearTimeout(timer);
      signal?.removeEventListener("abort", start);
    },
  };
}
