/** datadb copy: copies backups to another store, and sends only what that one lacks. */
import type { Backup, Connection, CopiedBackup, CopySummary } from "@datadb/client";
import { DatadbError, UsageError } from "@datadb/protocol";
import { EXIT } from "../exit-code.ts";
import { formatCount } from "../output/format-count.ts";
import { formatDuration } from "../output/format-duration.ts";
import { formatSize } from "../output/format-size.ts";
import { formatTime } from "../output/format-time.ts";
import type { Output } from "../output/output.ts";
import { printable } from "../output/printable.ts";
import { withConnection, withStoreAt } from "../store/with-connection.ts";
import type { Verb, VerbContext } from "../verb.ts";
import { DRY_RUN_OPTION } from "./backup-options.ts";
import { backupRecord } from "./backup-record.ts";
import { readBackup } from "./read-selection.ts";

export const copy: Verb = {
  name: "copy",
  summary: "Copy backups to another store, sending only what it lacks",
  usage: "SELECTOR... --to STORE|URL | --all [NAME]... --to STORE|URL",
  description: [
    "A copy has the id, the time, the metadata, the tags and the content of its original; pins stay where they are. What the other " +
      "store has already is not sent, and a backup that it lists already is left as it is: to go on after an interruption, or to " +
      "bring a copy up to date, run the same command again. Every byte is verified on the way.",
    "The other store must exist (datadb init) and use the same hash. A server lets its users with the right admin copy to it; its " +
      "password can be in DATADB_PASSWORD.",
  ],
  options: [
    {
      name: "to",
      value: "STORE",
      help: "where the copies go: a directory, or a URL such as rediss://USER@HOST",
      completes: "directory",
    },
    { name: "all", help: "copy every backup of the NAMEs, or of the store when there is none" },
    DRY_RUN_OPTION,
  ],
  operands: { least: 0, most: Number.POSITIVE_INFINITY, completes: "backup" },
  examples: [
    { line: "datadb copy documents --to /mnt/disk/backup", does: "The newest backup of a name" },
    { line: "datadb copy --all --to rediss://backup.example.org", does: "Everything, to a server" },
    {
      line: "datadb copy --all documents --to /mnt/disk/backup --dry-run",
      does: "What the other store lacks",
    },
  ],
  exits: {
    [EXIT.notFound]: "no such backup",
    [EXIT.damaged]:
      "the store lacks content or has damaged content; the backups that could not be copied are named",
  },
  async run(context) {
    const { arguments: args } = context;
    const where = args.text("to");
    if (!where) throw new UsageError("copy needs to know where to", "give --to STORE or --to URL");
    if (args.operands.length === 0 && !args.flag("all"))
      throw new UsageError("copy needs to know what", "name backups, or give --all");
    return await withConnection(context, { job: "copy" }, async (source) => {
      const backups = await wantedBackups(context, source);
      return await withStoreAt(context, { option: "--to", where }, { job: "copy" }, (target) =>
        copyThere(context, source, target, backups),
      );
    });
  },
};

async function wantedBackups({ arguments: args }: VerbContext, source: Connection): Promise<Backup[]> {
  if (!args.flag("all")) {
    const found: Backup[] = [];
    for (const text of args.operands) found.push(await readBackup(source, text));
    return found;
  }
  const { listBackups, parseSelector, resolveSelector } = await import("@datadb/client");
  const all = await listBackups(source);
  if (args.operands.length === 0) return all;
  const series = new Set<string>();
  for (const text of args.operands) {
    const selector = parseSelector(text);
    if (selector.time !== undefined || selector.path !== undefined)
      throw new UsageError(`--all is about whole series, and '${text}' is a part of one`, "give names alone");
    series.add((await resolveSelector(source, selector)).snapshot);
  }
  return all.filter(({ snapshot }) => series.has(snapshot));
}

async function copyThere(
  { arguments: args, output, signal }: VerbContext,
  source: Connection,
  target: Connection,
  backups: readonly Backup[],
): Promise<number> {
  const { copyBackups } = await import("@datadb/client");
  const progress = output.progress("copy");
  let damaged = false;
  try {
    const summary = await copyBackups(source, target, backups, {
      dryRun: args.flag("dry-run"),
      signal,
      onProgress: ({ bytes, totalBytes, current, backups: entries, totalBackups: totalEntries }) =>
        progress.update({ unit: "backups", entries, totalEntries, bytes, totalBytes, current }),
      onBackup: (copied) => {
        damaged ||= copied.error instanceof DatadbError;
        presentBackup(output, copied);
      },
    });
    progress.done();
    presentSummary(output, summary, args.flag("dry-run"));
    if (summary.failed === 0) return EXIT.done;
    return damaged ? EXIT.damaged : EXIT.failed;
  } finally {
    progress.done();
  }
}

const OUTCOMES = { copied: "copied", there: "there already", missing: "would copy", failed: "not copied" };

function presentBackup(output: Output, { backup, outcome, error }: CopiedBackup): void {
  const { type: _, ...record } = backupRecord(backup);
  output.record({ type: "copy", outcome, ...record, ...(error ? { error: error.message } : {}) });
  if (outcome === "there") return;
  const shown = `${backup.id.slice(0, 8)}  ${formatTime(new Date(backup.time))}  ${printable(`${backup.host}/${backup.name}`)}  ${formatSize(backup.size)}`;
  if (error) output.error(`${shown}: ${printable(error.message)}`);
  else output.line(`${OUTCOMES[outcome]}  ${shown}${backup.complete ? "" : "  (incomplete)"}`);
}

function presentSummary(output: Output, summary: CopySummary, dryRun: boolean): void {
  const { copied, there, missing, failed, sent, bytes, seconds } = summary;
  const before = there > 0 ? `; ${formatCount(there, "backup is", "backups are")} there already` : "";
  output.note(
    dryRun
      ? `would copy ${formatCount(missing, "backup")} of ${formatSize(bytes)}, and send what the other store lacks${before}`
      : `copied ${formatCount(copied, "backup")} of ${formatSize(bytes)}: sent ${formatCount(sent.blobs, "blob")}, ` +
          `${formatSize(sent.bytes)}, in ${formatDuration(seconds)}${before}`,
  );
  if (failed > 0)
    output.error(
      `${formatCount(failed, "backup was", "backups were")} not copied\n  see what is wrong: datadb check --read-data`,
    );
  output.record({ type: "summary", copied, there, missing, failed, sent, bytes, dryRun, seconds });
}
