/** datadb snapshot: backs up files and directories, a database, standard input, or the output of a command. */
import type { SnapshotProgress, SnapshotSummary } from "@datadb/client";
import { EXIT } from "../exit-code.ts";
import { printable } from "../output/printable.ts";
import { withConnection } from "../store/with-connection.ts";
import type { Verb, VerbContext } from "../verb.ts";
import { DRY_RUN_OPTION, HOST_OPTION, JOBS_OPTION } from "./backup-options.ts";
import { DATABASE_OPTIONS } from "./database-options.ts";
import { presentSnapshot } from "./present-snapshot.ts";
import { type SnapshotRequest, snapshotRequest } from "./snapshot-request.ts";

export const snapshotVerb: Verb = {
  name: "snapshot",
  summary: "Back up files, a database, standard input, or the output of a command",
  usage: "[OPTION]... SOURCE... | - --name NAME | [OPTION]... --name NAME -- COMMAND...",
  description: [
    "Makes a backup of every SOURCE (several sources become one backup), of standard input when SOURCE is -, or of what " +
      "COMMAND prints, which counts only when the command succeeds. What did not change since the last backup is neither " +
      "read nor stored again. A store is made when there is none.",
    "postgres://[USER@][HOST[:PORT]]/DATABASE names a PostgreSQL database: all of it is read in one snapshot, by several sessions, and " +
      "its tables become files. What is left out of the URL comes from PGHOST, PGUSER, PGPASSWORD, ~/.pgpass and so on, as for psql.",
    "Every kind of file is kept with its mode, owner, times, extended attributes, ACLs, hard links and holes. An entry that " +
      "cannot be read is reported, and the backup is listed as incomplete (exit code 3).",
  ],
  options: [
    {
      name: "name",
      value: "NAME",
      help: "call the backup so (default: the base name of the source)",
      completes: "backup",
    },
    HOST_OPTION,
    {
      name: "meta",
      value: "KEY=VALUE",
      help: "remember this with the backup",
      repeatable: true,
      completes: "nothing",
    },
    {
      name: "meta-json",
      value: "FILE",
      help: "remember the JSON object in this file with the backup",
      completes: "file",
    },
    { name: "tag", value: "TAG", help: "tag the backup", repeatable: true, completes: "nothing" },
    {
      name: "exclude",
      value: "PATTERN",
      help: "leave out what matches, as in .gitignore: *.log, /cache/, !keep.log",
      repeatable: true,
      completes: "nothing",
    },
    {
      name: "exclude-from",
      value: "FILE",
      help: "leave out what the patterns in this file match",
      repeatable: true,
      completes: "file",
    },
    { name: "gitignore", help: "leave out what the .gitignore files in the source say" },
    { name: "exclude-caches", help: "leave out directories that a CACHEDIR.TAG marks" },
    { name: "one-file-system", help: "do not enter other file systems" },
    {
      name: "read-all",
      help: "read everything, also files whose times and rows whose sums say that they have not changed",
    },
    { name: "allow-empty", help: "make the backup although the source is empty and was not before" },
    ...DATABASE_OPTIONS,
    DRY_RUN_OPTION,
    JOBS_OPTION,
  ],
  operands: { least: 1, most: Number.POSITIVE_INFINITY, completes: "file" },
  command: true,
  examples: [
    { line: "datadb snapshot ~/documents", does: "Back a directory up" },
    {
      line: "datadb snapshot --name system --exclude '*.cache' /etc /home",
      does: "Two directories as one backup",
    },
    { line: "datadb snapshot postgres://db.example.org/app", does: "A database" },
    {
      line: "datadb snapshot --table 'shop.*' --where 'shop.orders=id>1000' postgres:///app",
      does: "Some tables of a local database, one of them in part",
    },
    {
      line: "datadb snapshot --name app.sql -- pg_dump app",
      does: "The output of a command, if it succeeds",
    },
    { line: "tar c . | datadb snapshot - --name project.tar", does: "Standard input" },
    { line: "datadb snapshot --tag before-upgrade --meta ticket=4711 /etc", does: "With a tag and metadata" },
  ],
  exits: {
    [EXIT.incomplete]: "the backup was made, but some entries could not be read; they are named",
    [EXIT.notFound]: "a SOURCE is not there; no backup was made",
    [EXIT.damaged]: "the store is damaged; no backup was made",
  },
  async run(context) {
    const request = snapshotRequest(context);
    const summary = await take(context, request);
    const only = summary.source === "files" && context.arguments.operands.length === 1;
    return presentSnapshot(context.output, summary, only ? printable(summary.path) : undefined);
  },
};

async function take(context: VerbContext, { source, options }: SnapshotRequest): Promise<SnapshotSummary> {
  const { approachDatabase, snapshot } = await import("@datadb/client");
  const { dryRun = false } = options;
  const onWarning = (text: string): void => context.output.warn(printable(text));
  const approach = approachDatabase(source, { dryRun, onWarning });
  try {
    return await withConnection(context, { job: "snapshot", create: !dryRun }, async (connection) => {
      const progress = context.output.progress("snapshot");
      const onProgress = (state: SnapshotProgress): void => progress.update(state);
      try {
        return await snapshot(connection, source, { ...options, approach, onProgress, onWarning });
      } finally {
        progress.done();
      }
    });
  } finally {
    approach?.end();
  }
}
