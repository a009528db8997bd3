/** datadb diff: what changed between two backups. */
import type { Connection, DiffSide } from "@datadb/client";
import { EXIT } from "../exit-code.ts";
import { groupDigits } from "../output/format-count.ts";
import { printable } from "../output/printable.ts";
import { withConnection } from "../store/with-connection.ts";
import type { Verb, VerbContext } from "../verb.ts";
import type { RowCounts } from "./database-fields.ts";
import { readSelection, type Selection } from "./read-selection.ts";

const KIND_COUNTS = { "+": "added", "-": "removed", M: "changed" } as const;
const KIND_STYLES = { "+": "green", "-": "red", M: "yellow" } as const;

export const diffVerb: Verb = {
  name: "diff",
  summary: "Show what changed between two backups",
  usage: "SELECTOR[:PATH] SELECTOR[:PATH]",
  description: [
    "Prints a line for every entry that differs: + only in the second, - only in the first, M in both, and what is " +
      "different about it; of the tables of a database, how many rows. Equal directories are not read, so that large backups compare quickly.",
  ],
  options: [],
  operands: { least: 2, most: 2, completes: "backup" },
  stopsWithReader: true,
  examples: [
    { line: "datadb diff documents@2026-11-18 documents", does: "What changed since that day" },
    { line: "datadb diff 3f9a1c20:letters 77b0e2d1:letters", does: "Two backups by id, one directory" },
  ],
  exits: { [EXIT.notFound]: "no such backup or path" },
  run: (context) => withConnection(context, { job: "diff" }, (connection) => compare(context, connection)),
};

/** A whole backup of a database: its tables are where its manifest says. */
function isDatabase({ backup, path }: Selection): boolean {
  return backup.source === "postgres" && (path === undefined || path === "");
}

function rowCounts({ inserted, updated, deleted }: RowCounts): string {
  return `rows: ${groupDigits(inserted)} inserted, ${groupDigits(updated)} updated, ${groupDigits(deleted)} deleted`;
}

async function compare(
  { arguments: args, output, signal }: VerbContext,
  connection: Connection,
): Promise<number> {
  const { compareTables, diff } = await import("@datadb/client");
  const [from, to] = [
    await readSelection(connection, args.operands[0]!),
    await readSelection(connection, args.operands[1]!),
  ];
  const counts = { added: 0, removed: 0, changed: 0 };
  const sides = [from, to].map(({ backup, path }) => ({ ref: backup.ref, path: path ?? "" })) as [
    DiffSide,
    DiffSide,
  ];
  const tables =
    isDatabase(from) && isDatabase(to)
      ? await compareTables(connection, from.backup.ref, to.backup.ref)
      : null;
  for await (const { kind, path, changes, before, after } of diff(connection, ...sides, { signal })) {
    counts[KIND_COUNTS[kind]]++;
    const changed = changes.length > 0 ? `  (${changes.join(", ")})` : "";
    const slash = after?.type === "directory" ? "/" : "";
    // The two that were named themselves have no path below them.
    const shown = path.length > 0 ? `${printable(path)}${slash}` : printable(to.path || ".");
    const rows = (await tables?.({ path: path.toString(), before, after })) ?? null;
    const counted = rows === null ? "" : `  ${rowCounts(rows)}`;
    output.line(`${output.style(KIND_STYLES[kind], kind)} ${shown}${changed}${counted}`);
    output.record({
      type: "difference",
      kind,
      path: path.toString(),
      changes,
      ...(rows === null ? {} : { rows }),
    });
  }
  output.record({ type: "summary", from: from.backup.id, to: to.backup.id, ...counts });
  return EXIT.done;
}
