/** datadb scheduler run JOB: one run, in this process. The daemon starts its runs so, too. */
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { NotFoundError, UsageError } from "@datadb/protocol";
import { parseConfig, readConfig, recordMessage, runJob, type SchedulerConfig } from "@datadb/scheduler";
import { EXIT } from "../exit-code.ts";
import { printable } from "../output/printable.ts";
import type { VerbContext } from "../verb.ts";
import { openConfigured } from "./open-configured.ts";
import { stateDirectory } from "./state-directory.ts";

export async function runOne(context: VerbContext, file: string, name: string): Promise<number> {
  const { arguments: args, output, environment, signal } = context;
  const config = configOf(file, environment);
  const job = config.jobs.find((one) => one.name === name);
  if (job === undefined) {
    const known = config.jobs.map((one) => one.name).join(", ");
    throw new NotFoundError(`there is no job ${name} in ${config.file}`, `the jobs are: ${known}`);
  }
  const planned = plannedTime(args.text("planned"));
  const progress = output.progress("snapshot");
  const record = await runJob(
    config,
    job,
    { trigger: planned === null ? "manual" : "schedule", planned },
    {
      // The run's own signal ends its steps; what came of it is written also when it was aborted.
      open: (ending) => openConfigured(context, config, { create: true, signal: ending }),
      environment,
      stateDirectory: stateDirectory(environment),
      signal,
      note: (text) => output.note(printable(text)),
      onProgress: (state) => progress.update(state),
    },
  ).finally(() => progress.done());
  if (record === null) {
    output.note(`${name}: another process took care of it`);
    output.record({ type: "summary", job: name, skipped: true });
    return EXIT.done;
  }
  const good = record.outcome === "success" && record.unnotified.length === 0;
  // The daemon tells what came of its runs itself.
  if (good && planned === null) output.note(printable(recordMessage(record)));
  else if (!good && planned === null)
    output.error(printable([recordMessage(record), ...record.unnotified].join("\n  ")));
  output.record({ type: "summary", job: name, record });
  if (record.outcome === "interrupted") return EXIT.interrupted;
  if (record.outcome === "incomplete") return EXIT.incomplete;
  return good ? EXIT.done : EXIT.failed;
}

/** From standard input when the daemon gives it: with the working directory as place of the file. */
function configOf(file: string, environment: NodeJS.ProcessEnv): SchedulerConfig {
  if (file !== "-") return readConfig(resolve(file), environment);
  const text = readFileSync(0, "utf8");
  return parseConfig(text, "standard input", { environment, directory: process.cwd(), checkSecrets: false });
}

function plannedTime(text: string | undefined): number | null {
  if (text === undefined) return null;
  const time = Date.parse(text);
  if (Number.isNaN(time))
    throw new UsageError(`--planned is ${text}`, "give a time such as 2026-11-19T02:00:00Z");
  return time;
}
