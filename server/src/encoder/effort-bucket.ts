/** How much effort a thread of the encoder has: it serves many backups, so what it has spent comes back with time. */
import { EFFORT_BYTES, type Effort } from "@datadb/protocol";

/** From empty to full: a backup finds it full when the one before it was some minutes ago. */
const FILL_MS: number = 10 * 60 * 1000;

/** The bucket as it is now, full at first; who spends from it changes it. `now`: milliseconds that only go up. */
export function effortBucket(now: () => number = () => performance.now()): () => Effort {
  const effort: Effort = { left: EFFORT_BYTES };
  let filled = now();
  return () => {
    const time = now();
    effort.left = Math.min(EFFORT_BYTES, effort.left + (EFFORT_BYTES * (time - filled)) / FILL_MS);
    filled = time;
    return effort;
  };
}
