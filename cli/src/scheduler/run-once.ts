/** datadb scheduler --once: runs what is due, and ends. */
import { resolve } from "node:path";
import { readConfig, runDue, spawnRun, systemClock } from "@datadb/scheduler";
import { EXIT } from "../exit-code.ts";
import { printable } from "../output/printable.ts";
import type { VerbContext } from "../verb.ts";
import { openConfigured } from "./open-configured.ts";
import { ownCommand } from "./own-command.ts";
import { stateDirectory } from "./state-directory.ts";
import { tellEvent } from "./tell-event.ts";

export async function runOnce(context: VerbContext, file: string): Promise<number> {
  const { output, environment, signal } = context;
  const note = (job: string, line: string): void => output.note(`${job}: ${printable(line)}`);
  const spawning = { command: ownCommand(), environment, note };
  const status = await runDue(
    {
      config: readConfig(resolve(file), environment),
      open: (current, ending) => openConfigured(context, current, { create: true, signal: ending }),
      startRun: (current, job, planned) => spawnRun(spawning, current, job, planned),
      clock: systemClock,
      environment,
      stateDirectory: stateDirectory(environment),
    },
    signal,
    (event) => tellEvent(output, event),
  );
  signal.throwIfAborted();
  const ill = status.filter(({ healthy }) => !healthy);
  for (const { job, problems } of ill) output.error(`${job}: ${printable(problems.join("; "))}`);
  output.record({ type: "summary", jobs: status.length, unhealthy: ill.map(({ job }) => job) });
  return ill.length === 0 ? EXIT.done : EXIT.failed;
}
