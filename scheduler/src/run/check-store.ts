/** The task of a job that checks the store. */
import type { Connection } from "@datadb/client";
import { DamagedError } from "@datadb/protocol";

/** Findings that an error quotes. */
const QUOTED = 5;

/** Throws DAMAGED with the first findings. Aborting leaves the check to the server, and rejects. */
export async function checkStore(
  connection: Connection,
  readDataPercent: number,
  signal: AbortSignal,
): Promise<void> {
  const words = readDataPercent > 0 ? ["CHECK", "READ-DATA", readDataPercent] : ["CHECK"];
  const reply = await Promise.race([connection.call(...words), aborted(signal)]);
  const flat = Array.isArray(reply) ? reply : [];
  const field = (name: string): unknown => {
    const at = flat.findIndex((word, index) => index % 2 === 0 && String(word) === name);
    return at < 0 ? undefined : flat[at + 1];
  };
  const count = Number(field("findings") ?? 0);
  if (count === 0) return;
  const problems = field("problems");
  const quoted = (Array.isArray(problems) ? problems : [])
    .slice(0, QUOTED)
    .map((text) => (JSON.parse(String(text)) as { message: string }).message);
  throw new DamagedError(`the check found damage (${count}): ${quoted.join("; ")}`, {
    fields: { findings: count },
  });
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason as Error);
    signal.addEventListener("abort", () => reject(signal.reason as Error), { once: true });
  });
}
