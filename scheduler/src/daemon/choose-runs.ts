/** Which of the jobs that wait start now: in their order, one at a time for each source, and not too many at once. */
import { turnsOf } from "../run/take-turn.ts";
import type { JobState } from "./job-state.ts";

/** `waiting` in the order in which they became due. A job that waits for its source lets nobody pass it there. */
export function chooseRuns(
  waiting: readonly JobState[],
  running: readonly JobState[],
  concurrency: number,
): JobState[] {
  const taken = new Set(running.flatMap(({ job }) => turnsOf(job)));
  let free = concurrency - running.length;
  const chosen: JobState[] = [];
  for (const state of waiting) {
    const turns = turnsOf(state.job);
    if (free > 0 && !turns.some((turn) => taken.has(turn))) {
      chosen.push(state);
      free--;
    }
    for (const turn of turns) taken.add(turn);
  }
  return chosen;
}
