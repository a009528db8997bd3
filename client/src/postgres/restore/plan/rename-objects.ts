/** Gives restored tables, and what belongs to them, other names or another schema, wherever statements name them. */
import type { DescribedStatement } from "../script/describe-statement.ts";
import {
  keyOf,
  nameAt,
  nameInString,
  type ObjectName,
  quoteName,
  quoteText,
  sqlName,
} from "../script/object-name.ts";
import type { Token } from "../script/tokenize-sql.ts";

/** New names by key of the old. */
export type NewNames = ReadonlyMap<string, ObjectName>;

export interface RenameRequest {
  toSchema?: string | undefined;
  rename?: string | undefined;
}

/** What the server keeps of a name. */
const MAX_NAME_BYTES = 63;

/**
 * `moved`: the tables (or all objects of a schema) that get other names. With `rename` the first of them gets it; its partitions, which
 * follow, and what belongs to all of these are called after it.
 */
export function newNames(
  statements: readonly DescribedStatement[],
  moved: ReadonlySet<string>,
  { toSchema, rename }: RenameRequest,
): NewNames {
  const names = new Map<string, ObjectName>();
  const add = (old: ObjectName, name: string): void => {
    names.set(keyOf(old), { schema: toSchema ?? old.schema, name });
  };
  const tables = [...moved].map((key) => key.split("\0") as [string, string]);
  for (const [schema, name] of tables)
    add({ schema, name }, rename === undefined ? name : belonging(name, tables[0]![1], rename));
  for (const statement of statements) {
    for (const { table, object } of belongings(statement)) {
      if (!moved.has(keyOf(table))) continue;
      const called = names.get(keyOf(table))!.name;
      add(object, rename === undefined ? object.name : belonging(object.name, table.name, called));
    }
  }
  return names;
}

interface Belonging {
  table: ObjectName;
  object: ObjectName;
}

/** Objects with names of their own in the schema that come and go with a table. */
function* belongings({ creates, subject, tokens }: DescribedStatement): Generator<Belonging> {
  if (subject === null) return;
  if (creates !== null && keyOf(creates) !== keyOf(subject)) yield { table: subject, object: creates };
  const words = tokens.map(({ value, kind: token }) => (token === "word" ? value : ""));
  const owned = words.findIndex((word, i) => word === "owned" && words[i + 1] === "by");
  const table = owned < 0 ? null : nameAt(tokens, owned + 2);
  if (table !== null) yield { table, object: subject };
  const sequence = words.findIndex((word, i) => word === "sequence" && words[i + 1] === "name");
  const identity = sequence < 0 ? null : nameAt(tokens, sequence + 2);
  if (identity !== null) yield { table: subject, object: identity };
}

function belonging(name: string, table: string, rename: string): string {
  const renamed = name.startsWith(table) ? `${rename}${name.slice(table.length)}` : `${rename}_${name}`;
  return Buffer.from(renamed)
    .subarray(0, MAX_NAME_BYTES)
    .toString("utf8")
    .replace(/\ufffd+$/, "");
}

/** The statement's text with all new names. */
export function renamed(statement: DescribedStatement, names: NewNames): string {
  const { tokens, text, subject } = statement;
  const changes: { from: Token; to: Token; text: string }[] = [];
  const schema = subject?.schema ?? "";
  for (let i = 0; i < tokens.length; i++) {
    const name = tokens[i - 1]?.text === "." ? null : nameAt(tokens, i);
    const other = name && names.get(keyOf(name));
    if (other) changes.push({ from: tokens[i]!, to: tokens[i + 2]!, text: sqlName(other) });
    const inString = nameInString(tokens, i);
    const replaced = inString && names.get(keyOf(inString));
    if (replaced) changes.push({ from: tokens[i]!, to: tokens[i]!, text: quoteText(sqlName(replaced)) });
    if (!isBareName(tokens, i)) continue;
    const bare = names.get(keyOf({ schema, name: tokens[i]!.value }));
    if (bare) changes.push({ from: tokens[i]!, to: tokens[i]!, text: quoteName(bare.name) });
  }
  let result = "";
  let at = 0;
  for (const change of changes) {
    result += text.slice(at, change.from.at) + change.text;
    at = change.to.at + change.to.text.length;
  }
  return result + text.slice(at);
}

/** Names of indexes and of constraints with an index stand without their schema, which is the table's. */
function isBareName(tokens: readonly Token[], at: number): boolean {
  if (tokens[at + 1]?.text === "." || tokens[at - 1]?.text === ".") return false;
  const [before, last] = [tokens[at - 2]?.value, tokens[at - 1]];
  if (last?.kind !== "word") return false;
  if (last.value === "index") return before === "create" || before === "unique" || before === "using";
  if (last.value === "constraint") return before === "add" || before === "on";
  return last.value === "on" && before === "cluster";
}
