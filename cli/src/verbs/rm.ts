/** datadb rm: removes a backup from the list. */
import { EXIT } from "../exit-code.ts";
import { ask } from "../output/ask.ts";
import { formatTime } from "../output/format-time.ts";
import { printable } from "../output/printable.ts";
import { withConnection } from "../store/with-connection.ts";
import type { Verb } from "../verb.ts";
import { DRY_RUN_OPTION, YES_OPTION } from "./backup-options.ts";
import { readSelection } from "./read-selection.ts";

export const rm: Verb = {
  name: "rm",
  summary: "Remove a backup",
  usage: "[OPTION]... SELECTOR",
  description: [
    "Removes one backup. Content that other backups share stays; nothing else of the series changes.",
  ],
  options: [YES_OPTION, DRY_RUN_OPTION],
  operands: { least: 1, most: 1, completes: "backup" },
  examples: [
    { line: "datadb rm documents@2026-11-19", does: "The newest backup of that day or before" },
    { line: "datadb rm --yes 3f9a1c20", does: "Without a question, from a script" },
  ],
  exits: { [EXIT.notFound]: "no such backup" },
  run: (context) =>
    withConnection(context, { job: "rm" }, async (connection) => {
      const { output } = context;
      const { backup, path } = await readSelection(connection, context.arguments.operands[0]!);
      const [{ removeBackup }, { UsageError }] = await Promise.all([
        import("@datadb/client"),
        import("@datadb/protocol"),
      ]);
      if (path !== undefined)
        throw new UsageError("a part of a backup cannot be removed", "leave :PATH away");
      if (backup.pinned)
        throw new UsageError(`backup ${backup.id.slice(0, 8)} is pinned`, {
          next: `datadb unpin ${backup.id.slice(0, 8)} first`,
        });
      const what = `backup ${backup.id.slice(0, 8)} of ${printable(`${backup.host}:${backup.path}`)}, ${formatTime(new Date(backup.time))}`;
      const dryRun = context.arguments.flag("dry-run");
      if (!dryRun && !(await ask(context, `remove ${what}`))) {
        output.note("nothing was removed");
        return EXIT.failed;
      }
      if (!dryRun) await removeBackup(connection, backup);
      output.note(`${dryRun ? "would remove" : "removed"} ${what}`);
      output.record({ type: "summary", backup: backup.id, removed: !dryRun });
      return EXIT.done;
    }),
};
