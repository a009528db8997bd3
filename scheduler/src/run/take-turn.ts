/** Waits for a run's turn: no job runs twice at a time, and jobs on one source run one after the other. */
import type { Job, SchedulerConfig } from "../config/scheduler-config.ts";
import { holdLock, type Release } from "./hold-lock.ts";

/** The lock of a job, between all processes of this machine. */
export function jobLock(store: string, host: string, job: string): string[] {
  return ["job", store, host, job];
}

/** What a job must have for itself while it runs: its sources; sorted, so that two jobs cannot wait for each other. */
export function turnsOf({ task }: Job): string[] {
  return task.kind === "backup" ? [...new Set(task.sources.map(({ text }) => text))].sort() : [];
}

export async function takeTurn(
  { store, host }: SchedulerConfig,
  job: Job,
  { signal, note }: { signal: AbortSignal; note(text: string): void },
): Promise<Release> {
  const held: Release[] = [];
  const release = async (): Promise<void> => {
    for (const one of held.splice(0).reverse()) await one();
  };
  try {
    const onWait = (): void => note(`${job.name} runs already: waiting for the end of that run`);
    held.push(await holdLock(jobLock(store, host, job.name), { signal, onWait }));
    for (const source of turnsOf(job)) {
      const wait = (): void => note(`waiting: another job backs up ${source}`);
      held.push(await holdLock(["source", host, source], { signal, onWait: wait }));
    }
    return release;
  } catch (error) {
    await release();
    throw error;
  }
}
