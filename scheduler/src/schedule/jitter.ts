/** How long after its due time a run starts: chance spreads jobs and machines, but a restart does not roll again. */
import { createHash } from "node:crypto";

/** 0 <= delay < jitterMs, the same for the same seed and due time. */
export function jitterOf(seed: string, due: number, jitterMs: number): number {
  if (jitterMs <= 0) return 0;
  const bytes = createHash("sha256").update(`${seed}\0${due}`).digest();
  return Math.floor((bytes.readUInt32BE() / 2 ** 32) * jitterMs);
}
