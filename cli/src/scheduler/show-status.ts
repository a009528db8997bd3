/** datadb scheduler status: what ran, what is next, what is wrong. */
import { resolve } from "node:path";
import type { Connection } from "@datadb/client";
import { NoStoreError } from "@datadb/protocol";
import { type JobStatus, readConfig, readStatus, tryLock } from "@datadb/scheduler";
import { EXIT } from "../exit-code.ts";
import { alignColumns } from "../output/align-columns.ts";
import { formatDuration } from "../output/format-duration.ts";
import { formatTime } from "../output/format-time.ts";
import type { Output } from "../output/output.ts";
import { printable } from "../output/printable.ts";
import type { VerbContext } from "../verb.ts";
import { openConfigured } from "./open-configured.ts";

export async function showStatus(context: VerbContext, given: string): Promise<number> {
  const { output, environment, signal } = context;
  const file = resolve(given);
  // Who asks need not have the secrets of the service.
  const config = readConfig(file, environment, false);
  let connection: Connection | null = null;
  let all: JobStatus[];
  try {
    connection = await openConfigured(context, config, { create: false, signal }).catch((error: unknown) => {
      if (error instanceof NoStoreError) return null;
      throw error;
    });
    all = await readStatus(connection, config, Date.now());
  } finally {
    await connection?.close();
  }
  const release = await tryLock("daemon", file);
  await release?.();
  const running = release === null;
  present(output, all);
  if (!running) output.note(`no scheduler with ${printable(file)} runs at the moment`);
  for (const status of all) output.record({ type: "job", ...status });
  const healthy = all.every((status) => status.healthy);
  output.record({ type: "summary", jobs: all.length, healthy, scheduler: running });
  return healthy ? EXIT.done : EXIT.failed;
}

function present(output: Output, all: readonly JobStatus[]): void {
  const head = ["JOB", "SCHEDULE", "LAST RUN", "TOOK", "OUTCOME", "LAST SUCCESS", "NEXT RUN"];
  const when = (time: string | null | undefined): string => (time ? formatTime(new Date(time)) : "-");
  const rows = all.map((status) => {
    const { last } = status;
    const outcome = status.running ? "running" : (last?.outcome ?? "-");
    return [
      status.job,
      status.schedule,
      when(last?.start),
      last ? formatDuration(last.seconds) : "-",
      status.healthy ? outcome : output.style("red", outcome),
      when(status.lastSuccess),
      when(status.next),
    ];
  });
  for (const line of alignColumns([head, ...rows])) output.line(line);
  for (const { job, problems } of all) {
    for (const problem of problems) output.error(`${job}: ${printable(problem)}`);
  }
}
