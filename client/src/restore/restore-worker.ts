/** A worker thread of a restore: takes jobs until it gets null. */
import { parentPort, workerData } from "node:worker_threads";
import type { JobMessage } from "./job.ts";
import { type JobContext, runJob } from "./run-job.ts";

const context = workerData as JobContext;
parentPort?.on("message", (message: JobMessage | null) => {
  if (message === null) parentPort?.close();
  else parentPort?.postMessage(runJob(message, context));
});
