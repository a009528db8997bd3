/** How a snapshot ends before its time. */
import { InterruptedError } from "@datadb/protocol";
import type { Engine } from "../ingest/engine.ts";

/** Rejects as soon as the engine fails or `signal` is aborted, whatever is under way. */
export async function untilAborted<T>(
  work: Promise<T>,
  engine: Engine,
  signal: AbortSignal | undefined,
): Promise<T> {
  work.catch(() => {});
  if (signal === undefined) return await Promise.race([work, engine.failure]);
  let abort = (): void => {};
  const aborted = new Promise<never>((_, reject) => {
    abort = () =>
      reject(
        new InterruptedError("the snapshot was interrupted; nothing was listed", { cause: signal.reason }),
      );
  });
  aborted.catch(() => {});
  if (signal.aborted) abort();
  const listener = (): void => abort();
  signal.addEventListener("abort", listener, { once: true });
  try {
    return await Promise.race([work, engine.failure, aborted]);
  } finally {
    signal.removeEventListener("abort", listener);
  }
}
