/** The task of a job that checks the store. */
import type { Connection } from "@datadb/client";
import { BackendUnavailableError, DamagedError } from "@datadb/protocol";
import { callForFields } from "./call-for-fields.ts";

/** Findings that an error quotes. */
const QUOTED = 5;

/** Throws DAMAGED with the first findings; BACKEND_UNAVAILABLE when a part of the store could not be looked at. Aborting leaves the check to the server, and rejects. */
export async function checkStore(
  connection: Connection,
  readDataPercent: number,
  signal: AbortSignal,
): Promise<void> {
  const words = readDataPercent > 0 ? ["CHECK", "READ-DATA", readDataPercent] : ["CHECK"];
  const fields = await callForFields(connection, signal, ...words);
  const count = Number(fields.get("findings") ?? 0);
  const uncompared = Number(fields.get("uncompared") ?? 0);
  if (count === 0 && uncompared > 0)
    throw new BackendUnavailableError(
      `no damage was found, but ${uncompared} of the mirror's members could not be compared`,
      { next: "see datadb mirror status" },
    );
  if (count === 0) return;
  const problems = fields.get("problems");
  const quoted = (Array.isArray(problems) ? problems : [])
    .slice(0, QUOTED)
    .map((text) => (JSON.parse(String(text)) as { message: string }).message);
  throw new DamagedError(`the check found damage (${count}): ${quoted.join("; ")}`, {
    fields: { findings: count },
  });
}
