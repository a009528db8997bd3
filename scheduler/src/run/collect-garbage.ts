/** The task of a job that collects garbage. */
import type { Connection } from "@datadb/client";
import { callForFields } from "./call-for-fields.ts";

/** Resolves with the bytes given back. Needs the right admin. */
export async function collectGarbage(
  connection: Connection,
  maxUnusedPercent: number | undefined,
  signal: AbortSignal,
): Promise<number> {
  const words = maxUnusedPercent === undefined ? ["GC"] : ["GC", "UNUSED", maxUnusedPercent];
  const fields = await callForFields(connection, signal, ...words);
  return Number(fields.get("returned") ?? 0);
}
