/** Keeps the sweep away from those who rely on blobs just now: many of them at once, or the sweep alone. */

export interface SweepLock {
  /** Resolves (at once: undefined) when the caller may rely on what it finds; it must `leave`, and not enter again before. */
  enter(): Promise<void> | undefined;
  leave(): void;
  /** Runs `work` when nobody is inside; who comes meanwhile waits. One at a time. */
  alone<T>(work: () => Promise<T>): Promise<T>;
}

export function createSweepLock(): SweepLock {
  let inside = 0;
  let closed: Promise<void> | null = null;
  let empty: (() => void) | null = null;
  const enter = (): Promise<void> | undefined => {
    if (closed !== null) return closed.then(() => enter());
    inside += 1;
    return undefined;
  };
  return {
    enter,
    leave() {
      inside -= 1;
      if (inside === 0) empty?.();
    },
    async alone(work) {
      let open: () => void = () => {};
      closed = new Promise((resolve) => {
        open = resolve;
      });
      try {
        if (inside > 0)
          await new Promise<void>((resolve) => {
            empty = resolve;
          });
        return await work();
      } finally {
        closed = null;
        empty = null;
        open();
      }
    },
  };
}
