/** datadb check: finds damage and names what it affects. */
import type { Connection } from "@datadb/client";
import { UsageError } from "@datadb/protocol";
import { EXIT } from "../exit-code.ts";
import { formatCount, groupDigits } from "../output/format-count.ts";
import { formatDuration } from "../output/format-duration.ts";
import { formatSize } from "../output/format-size.ts";
import type { Output } from "../output/output.ts";
import { printable } from "../output/printable.ts";
import { withConnection } from "../store/with-connection.ts";
import type { Verb, VerbContext } from "../verb.ts";
import { callForFields, countOf } from "./reply-fields.ts";

export const check: Verb = {
  name: "check",
  summary: "Check that every backup can be restored",
  usage: "[--read-data[=PERCENT]]",
  description: [
    "Checks the log, the index and the tree of every backup. With --read-data it also reads all content (or a random part " +
      "of it) and compares it with its names. Damage is named down to backup and path.",
  ],
  options: [
    {
      name: "read-data",
      value: "PERCENT",
      optionalValue: true,
      help: "read all content too, or PERCENT of it at random",
    },
  ],
  operands: { least: 0, most: 0 },
  examples: [
    { line: "datadb check", does: "Structure only: quick" },
    { line: "datadb check --read-data", does: "Everything" },
    { line: "datadb check --read-data=5", does: "A twentieth of the content, every time another one" },
  ],
  exits: { [EXIT.damaged]: "the store is damaged: the findings say which backups and paths" },
  async run(context) {
    const percent = readPercent(context.arguments.text("read-data"));
    return withConnection(context, { job: "check" }, (connection) => verify(context, connection, percent));
  },
};

function readPercent(value: string | undefined): number {
  if (value === undefined) return 0;
  if (value === "") return 100;
  const percent = /^\d{1,3}(\.\d{1,4})?%?$/.test(value) ? Number.parseFloat(value) : Number.NaN;
  if (percent > 0 && percent <= 100) return percent;
  throw new UsageError(`--read-data is ${value}`, "give a percentage above 0 and up to 100");
}

/** One thing that is wrong, as CHECK tells it. */
interface Finding {
  what: string;
  message: string;
  affected?: { backup: string; paths: string[] }[];
}

async function verify(
  { output, signal }: VerbContext,
  connection: Connection,
  percent: number,
): Promise<number> {
  const started = performance.now();
  const words = percent > 0 ? ["CHECK", "READ-DATA", percent] : ["CHECK"];
  const found = await callForFields(connection, signal, ...words);
  const problems = found.get("problems");
  const findings = (Array.isArray(problems) ? problems : []).map(
    (text) => JSON.parse(String(text)) as Finding,
  );
  for (const finding of findings) presentFinding(output, finding);
  const [total, backups, nodes, data, read, readBytes] = COUNTS.map((name) => countOf(found, name)) as Counts;
  const seconds = (performance.now() - started) / 1000;
  const looked = `checked ${formatCount(backups, "backup")}, ${formatCount(nodes, "node")}, ${formatCount(data, "data blob")}`;
  const verified = read > 0 ? `; read ${formatCount(read, "record")} (${formatSize(readBytes)})` : "";
  output.note(`${looked}${verified} in ${formatDuration(seconds)}`);
  if (total === 0) output.line(output.style("green", "no damage found"));
  else {
    if (total > findings.length) output.error(`and ${groupDigits(total - findings.length)} more`);
    output.error(`the store is damaged: ${formatCount(total, "finding")}\n  ${NEXT}`);
  }
  output.record({ type: "summary", findings: total, backups, nodes, data, read, readBytes, seconds });
  return total === 0 ? EXIT.done : EXIT.damaged;
}

const COUNTS = ["findings", "backups", "nodes", "data", "read", "read-bytes"] as const;
type Counts = [number, number, number, number, number, number];
const NEXT =
  "restore the named packs from a copy; or run datadb snapshot again where the sources still exist: it stores anew what is missing";

function presentFinding(output: Output, finding: Finding): void {
  output.record({ type: "finding", ...finding });
  const affected = (finding.affected ?? []).flatMap(({ backup, paths }) =>
    paths.length === 0
      ? [`\n    backup ${backup.slice(0, 8)}`]
      : paths.map((path) => `\n    backup ${backup.slice(0, 8)}: ${printable(path)}`),
  );
  output.error(`${finding.what}: ${printable(finding.message)}${affected.join("")}`);
}
