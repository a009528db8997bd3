/** Gives back what was opened, in reverse order. */

export interface Closers {
  /** To be called at close, before everything that was added earlier. */
  add(close: () => Promise<void>): void;
  /** Runs all of them, whatever fails; rejects with the first error. Twice is harmless: the second waits for the first. */
  close(): Promise<void>;
}

export function createClosers(): Closers {
  const list: (() => Promise<void>)[] = [];
  let closing: Promise<void> | null = null;
  const run = async (): Promise<void> => {
    const errors: unknown[] = [];
    for (const close of list.reverse()) await close().catch((error: unknown) => errors.push(error));
    if (errors.length > 0) throw errors[0];
  };
  return {
    add(close) {
      list.push(close);
    },
    close() {
      closing ??= run();
      return closing;
    },
  };
}
