/** Lets many work side by side, or one alone. */

export interface Gate {
  /** Runs beside other shared work, never beside exclusive work. */
  shared<T>(work: () => Promise<T>): Promise<T>;
  /** Waits for all that runs, keeps out what comes later, and runs alone. Not from within shared work: that waits for itself. */
  exclusive<T>(work: () => Promise<T>): Promise<T>;
}

/** An open gate. */
export function createGate(): Gate {
  let running = 0;
  let barred: Promise<void> | null = null;
  let emptied: (() => void) | null = null;
  const leave = (): void => {
    running -= 1;
    if (running === 0) emptied?.();
  };
  return {
    async shared(work) {
      while (barred !== null) await barred;
      running += 1;
      try {
        return await work();
      } finally {
        leave();
      }
    },
    async exclusive(work) {
      while (barred !== null) await barred;
      let open = (): void => {};
      barred = new Promise((resolve) => {
        open = resolve;
      });
      try {
        if (running > 0)
          await new Promise<void>((resolve) => {
            emptied = resolve;
          });
        emptied = null;
        return await work();
      } finally {
        barred = null;
        open();
      }
    },
  };
}
