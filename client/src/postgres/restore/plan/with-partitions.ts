/** A partitioned table stands for its partitions, and for theirs. */
import type { DescribedStatement } from "../script/describe-statement.ts";
import { keyOf, nameAt } from "../script/object-name.ts";

/** The keys of tables, in their order, followed by those of their partitions as the statements attach them. */
export function withPartitions(
  tables: ReadonlySet<string>,
  statements: readonly DescribedStatement[],
): Set<string> {
  const partitions = new Map<string, string[]>();
  for (const { kind, subject, tokens } of statements) {
    if (kind !== "attach" || subject === null) continue;
    const attach = tokens.findIndex(
      ({ value }, i) => value === "attach" && tokens[i + 1]?.value === "partition",
    );
    const child = nameAt(tokens, attach + 2);
    if (child === null) continue;
    const parent = keyOf(subject);
    partitions.set(parent, [...(partitions.get(parent) ?? []), keyOf(child)]);
  }
  const all = new Set(tables);
  // What is added meanwhile is visited too.
  for (const key of all) for (const child of partitions.get(key) ?? []) all.add(child);
  return all;
}
