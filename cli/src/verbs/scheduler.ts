/** datadb scheduler: takes backups by itself. */
import { UsageError } from "@datadb/protocol";
import { EXIT } from "../exit-code.ts";
import type { Verb } from "../verb.ts";

export const scheduler: Verb = {
  name: "scheduler",
  summary: "Take backups by itself, as a file says",
  usage: "--config FILE [status | run JOB]",
  description: [
    "Runs the jobs of FILE when they are due: backups of one source or several, with retention, hooks and notifications, and " +
      "checks of the store. It goes on until SIGTERM, reads FILE again when it changes and on SIGHUP, and keeps a history " +
      "of all runs in the store. Everything that FILE may say is in docs/scheduler.md.",
    "With status it shows the last and next runs of all jobs and what is wrong; with run JOB it runs one job now; with " +
      "--once it runs what is due and ends.",
  ],
  options: [
    { name: "config", value: "FILE", help: "what to run and when, as YAML", completes: "file" },
    { name: "once", help: "run what is due now, and end" },
    {
      name: "planned",
      value: "TIME",
      help: "the due time that a run is for",
      completes: "nothing",
      hidden: true,
    },
  ],
  storeless: true,
  operands: { least: 0, most: 2, completes: ["status", "run"] },
  examples: [
    { line: "datadb scheduler --config backup.yaml", does: "Run until SIGTERM" },
    { line: "datadb scheduler --config backup.yaml status", does: "What ran, what is next, what is wrong" },
    { line: "datadb scheduler --config backup.yaml run documents", does: "Run one job now" },
    { line: "datadb scheduler --config backup.yaml --once", does: "Run what is due, from cron or a timer" },
  ],
  exits: {
    [EXIT.failed]: "failed; for status and --once: a job is not healthy",
    [EXIT.incomplete]: "run JOB: the backup was made, but some entries could not be read",
    [EXIT.notFound]: "there is no such job",
  },
  async run(context) {
    const { arguments: args } = context;
    const file = args.text("config");
    if (file === undefined)
      throw new UsageError("datadb scheduler needs a configuration", "add --config FILE");
    const [what, job, ...more] = args.operands;
    if (what === undefined && args.flag("once"))
      return (await import("../scheduler/run-once.ts")).runOnce(context, file);
    if (what === undefined) return (await import("../scheduler/serve.ts")).serve(context, file);
    if (what === "status" && job === undefined)
      return (await import("../scheduler/show-status.ts")).showStatus(context, file);
    if (what === "run" && job !== undefined && more.length === 0)
      return (await import("../scheduler/run-one.ts")).runOne(context, file, job);
    const wrong =
      what === "run" ? "run needs a JOB" : `datadb scheduler does not know ${args.operands.join(" ")}`;
    throw new UsageError(wrong, "give status, or run JOB, or neither");
  },
};
