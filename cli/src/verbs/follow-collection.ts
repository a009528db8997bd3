/** Progress of a garbage collection in this process: on a wire, replies come one after the other. */
import type { Connection } from "@datadb/client";
import type { Output } from "../output/output.ts";

const EVERY_MS = 500;

/** Asks from time to time how far it is, and shows it on a terminal. Call done() in any case. */
export function followCollection(connection: Connection, output: Output): { done(): void } {
  const progress = output.progress("gc");
  if (connection.local === undefined) return { done: () => progress.done() };
  const ask = async (): Promise<void> => {
    const info = String(await connection.call("INFO", "gc"));
    const field = (name: string): string => new RegExp(`^${name}:(.*?)\\r?$`, "m").exec(info)?.[1] ?? "";
    if (field("gc_phase") === "") return;
    progress.update({
      bytes: 0,
      entries: Number(field("gc_done")),
      totalEntries: Number(field("gc_total")),
      current: field("gc_phase"),
    });
  };
  const timer = setInterval(() => void ask().catch(() => undefined), EVERY_MS);
  return {
    done() {
      clearInterval(timer);
      progress.done();
    },
  };
}
