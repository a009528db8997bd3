/** datadb stats: how much the store holds and what it takes. */
import { EXIT } from "../exit-code.ts";
import { alignColumns } from "../output/align-columns.ts";
import { groupDigits } from "../output/format-count.ts";
import { formatSize } from "../output/format-size.ts";
import { withConnection } from "../store/with-connection.ts";
import type { Verb } from "../verb.ts";
import { callForFields, countOf } from "./reply-fields.ts";

export const stats: Verb = {
  name: "stats",
  summary: "Show how much the store holds and what it takes on disk",
  usage: "",
  description: [
    "Counts backups, blobs and bytes: as they were backed up, after deduplication, and as stored.",
  ],
  options: [],
  operands: { least: 0, most: 0 },
  stopsWithReader: true,
  examples: [{ line: "datadb stats", does: "Sizes and savings" }],
  run: (context) =>
    withConnection(context, { job: "stats" }, async (connection) => {
      const { output } = context;
      const [fields, facts] = [
        await callForFields(connection, context.signal, "STATS"),
        await connection.facts(),
      ];
      const count = (name: string): number => countOf(fields, name);
      for (const line of alignColumns(describe(facts.id, count, fields.has("stored-bytes"))))
        output.line(line);
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
  return rows;
}
