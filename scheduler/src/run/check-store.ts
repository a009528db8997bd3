/** The task of a job that checks the store. */
import type { Connection } from "@datadb/client";
import { DamagedError } from "@datadb/protocol";
import { callForFields } from "./call-for-fields.ts";

/** Findings that an error quotes. */
const QUOTED = 5;

/** Throws DAMAGED with the first findings. Aborting leaves the check to the server, and rejects. */
export async function checkStore(
  connection: Connection,
  readDataPercent: number,
  signal: AbortSignal,
): Promise<void> {
  const words = readDataPercent > 0 ? ["CHECK", "READ-DATA", readDataPercent] : ["CHECK"];
  const fields = await callForFields(connection, signal, ...words);
  const count = Number(fields.get("findings") ?? 0);
  if (count === 0) return;
  const problems = fields.get("problems");
  const quoted = (Array.isArray(problems) ? problems : [])
    .slice(0, QUOTED)
    .map((text) => (JSON.parse(String(text)) as { message: string }).message);
  throw new DamagedError(`the check found damage (${count}): ${quoted.join("; ")}`, {
    fields: { findings: count },
  });
}
