/** datadb stats: how much the store holds and what it takes. */
import { EXIT } from "../exit-code.ts";
import { alignColumns } from "../output/align-columns.ts";
import { groupDigits } from "../output/format-count.ts";
import { formatSize } from "../output/format-size.ts";
import { withConnection } from "../store/with-connection.ts";
import type { Verb } from "../verb.ts";
import { growthRecord, growthTable } from "./growth-table.ts";
import { callForFields, countOf } from "./reply-fields.ts";

/** Backups whose growth is shown unless asked otherwise. */
const LIMIT = 10;

export const stats: Verb = {
  name: "stats",
  summary: "Show how much the store holds and what it takes on disk",
  usage: "",
  description: [
    "Counts backups, blobs and bytes: as they were backed up, after deduplication, and as stored.",
    "Then what each of the newest backups added: content that the store lacked, and what it takes (not known of a server).",
  ],
  options: [
    {
      name: "limit",
      value: "N",
      help: `backups whose growth is shown (default ${LIMIT})`,
      completes: "nothing",
    },
  ],
  operands: { least: 0, most: 0 },
  stopsWithReader: true,
  examples: [
    { line: "datadb stats", does: "Sizes and savings" },
    { line: "datadb stats --limit 30", does: "And how the store grew in the last 30 backups" },
  ],
  run: (context) =>
    withConnection(context, { job: "stats" }, async (connection) => {
      const { output, arguments: args } = context;
      const limit = args.number("limit", 1, Number.MAX_SAFE_INTEGER) ?? LIMIT;
      const [fields, facts] = [
        await callForFields(connection, context.signal, "STATS"),
        await connection.facts(),
      ];
      const count = (name: string): number => countOf(fields, name);
      for (const line of alignColumns(describe(facts.id, count, fields.has("stored-bytes"))))
        output.line(line);
      const { listBackups } = await import("@datadb/client");
      const newest = await listBackups(connection, { limit });
      if (newest.length > 0) output.line("");
      for (const line of growthTable(newest, (heading) => output.style("bold", heading))) output.line(line);
      for (const backup of newest) output.record(growthRecord(backup));
      const counts = [...fields.keys()].map((name) => [name.replace(/-(\w)/g, upper), count(name)] as const);
      output.record({ type: "summary", store: facts.id, hash: facts.hash, ...Object.fromEntries(counts) });
      return EXIT.done;
    }),
};

const upper = (_: string, letter: string): string => letter.toUpperCase();

/** How many times smaller. */
function savings(before: number, after: number): string {
  return after > 0 && before > after ? `  (${(before / after).toFixed(1)} times smaller)` : "";
}

function describe(id: string, count: (name: string) => number, encoded: boolean): string[][] {
  const [logical, unique, stored] = [count("logical-bytes"), count("unique-bytes"), count("stored-bytes")];
  const rows = [
    ["store", id],
    ["backups", `${groupDigits(count("backups"))} of ${groupDigits(count("snapshots"))} sources`],
    ["backed up", formatSize(logical)],
    ["deduplicated", formatSize(unique) + savings(logical, unique)],
  ];
  if (encoded) rows.push(["on disk", formatSize(stored) + savings(logical, stored)]);
  for (const [kind, shown] of [
    ["data", "data"],
    ["node", "metadata"],
    ["log", "log"],
  ] as const) {
    const size = count(encoded ? `${kind}-stored-bytes` : `${kind}-content-bytes`);
    rows.push([`  ${shown}`, `${formatSize(size)} in ${groupDigits(count(`${kind}-records`))} records`]);
  }
  if (!encoded) return rows;
  for (const [encoding, shown] of [
    ["raw", "as it is"],
    ["zstd", "compressed"],
    ["zstd-delta", "deltas"],
  ] as const) {
    const [content, payload] = [count(`${encoding}-content-bytes`), count(`${encoding}-stored-bytes`)];
    const of = `${formatSize(content)} as ${formatSize(payload)} in ${groupDigits(count(`${encoding}-records`))} records`;
    rows.push([`  ${shown}`, of + savings(content, payload)]);
  }
  return rows;
}
