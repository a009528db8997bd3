/** datadb scheduler without more words: the daemon. */
import { resolve } from "node:path";
import { ExistsError } from "@datadb/protocol";
import { readConfig, serveScheduler, tryLock } from "@datadb/scheduler";
import { EXIT } from "../exit-code.ts";
import { formatCount } from "../output/format-count.ts";
import { printable } from "../output/printable.ts";
import type { VerbContext } from "../verb.ts";
import { openConfigured } from "./open-configured.ts";
import { ownCommand } from "./own-command.ts";
import { stateDirectory } from "./state-directory.ts";
import { tellEvent } from "./tell-event.ts";

export async function serve(context: VerbContext, given: string): Promise<number> {
  const { output, environment, signal } = context;
  const file = resolve(given);
  const config = readConfig(file, environment);
  const release = await tryLock("daemon", file);
  if (release === null)
    throw new ExistsError(
      `a scheduler with ${file} runs already`,
      "stop it first; a change of the file is read by itself",
    );
  try {
    await serveScheduler({
      config,
      environment,
      signal,
      command: ownCommand(),
      stateDirectory: stateDirectory(environment),
      open: (current, ending) => openConfigured(context, current, { create: true, signal: ending }),
      onEvent: (event) => tellEvent(output, event),
      onLine: (job, line) => output.note(`${job}: ${printable(line)}`),
      warn: (text) => output.warn(printable(text)),
      onReload: context.onHangup,
      ready(url) {
        output.note(`running ${formatCount(config.jobs.length, "job")} of ${printable(file)}`);
        if (url) output.note(`  ${url}   /healthz /metrics /status /debug/monitor`);
        output.record({ type: "listening", config: file, ...(url ? { http: url } : {}), pid: process.pid });
      },
    });
  } finally {
    await release();
  }
  output.note("ended");
  return EXIT.done;
}
