/** What pin and unpin do. */
import { EXIT } from "../exit-code.ts";
import { formatTime } from "../output/format-time.ts";
import { printable } from "../output/printable.ts";
import { withConnection } from "../store/with-connection.ts";
import type { VerbContext } from "../verb.ts";
import { readBackup } from "./read-selection.ts";

export function changePin(context: VerbContext, pinned: boolean): Promise<number> {
  const job = pinned ? "pin" : "unpin";
  return withConnection(context, { job }, async (connection) => {
    const { output } = context;
    const backup = await readBackup(connection, context.arguments.operands[0]!);
    const { pinBackup, unpinBackup } = await import("@datadb/client");
    const changed = await (pinned ? pinBackup : unpinBackup)(connection, backup);
    const what = `backup ${backup.id.slice(0, 8)} of ${printable(`${backup.host}:${backup.path}`)}, ${formatTime(new Date(backup.time))}`;
    output.note(
      `${what}: ${changed ? "" : "was "}${pinned ? "pinned" : "not pinned"}${changed ? " now" : ""}`,
    );
    output.record({ type: "summary", backup: backup.id, pinned, changed });
    return EXIT.done;
  });
}
