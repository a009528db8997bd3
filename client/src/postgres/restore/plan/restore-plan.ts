/** Sorts the statements of a backup into what runs when: in order, or in parallel on tables that hold their rows. */
import type { TableManifest } from "../../manifest/manifest.ts";
import { constraintType, type DescribedStatement } from "../script/describe-statement.ts";
import { keyOf, namesIn, type ObjectName, shownName } from "../script/object-name.ts";
import { indexForConstraint } from "./index-for-constraint.ts";

export interface RestorePlan {
  /** In order, before any row. */
  before: string[];
  /** In parallel, when the rows are there. */
  indexes: TableStatements[];
  /** In order, after the indexes. */
  after: string[];
  /** In parallel, after that. */
  foreignKeys: TableStatements[];
  /** At the very end: what would watch the restore. */
  last: string[];
}

export interface TableStatements {
  label: string;
  tables: ObjectName[];
  /** Whether others may work on the same tables at the same time. */
  shared: boolean;
  statements: string[];
}

/** Below this, a table's indexes take less time than the round trips for them. */
const SMALL_BYTES = 4 << 20;
/** Small tables whose indexes one task makes, or so many foreign keys between them. */
const SMALL_TABLES = 25;

export function restorePlan(
  preData: readonly DescribedStatement[],
  postData: readonly DescribedStatement[],
  tables: readonly TableManifest[],
): RestorePlan {
  const plan: RestorePlan = { before: [], indexes: [], after: [], foreignKeys: [], last: [] };
  plan.before = preData.map(({ text }) => text);
  const loaded = new Map(tables.map((table) => [keyOf(table), table]));
  const late = new Set(
    postData.flatMap(({ creates, kind }) => (creates && kind === "object" ? [keyOf(creates)] : [])),
  );
  const small = smallGroups(plan);
  const addForeignKey = foreignKeyGroups(plan, loaded);
  let tablespace = "";
  for (const statement of postData) {
    const set = defaultTablespace(statement);
    if (set !== null) {
      tablespace = set;
      plan.after.push(statement.text);
      continue;
    }
    const { subject, kind, text } = statement;
    if (kind === "foreign-key") addForeignKey(foreignKey(statement));
    else if (watches(statement)) plan.last.push(text);
    else {
      const table = subject === null ? undefined : loaded.get(keyOf(subject));
      const heavy = table !== undefined && isHeavy(statement) && !refersTo(statement, late);
      if (!heavy) plan.after.push(text);
      else if (table.bytes < SMALL_BYTES) small(table, inTablespace(tablespace, [text]));
      else plan.after.push(...addLarge(plan, table, statement, tablespace));
    }
  }
  plan.indexes.sort((a, b) => weight(b, loaded) - weight(a, loaded));
  plan.foreignKeys.sort((a, b) => weight(b, loaded) - weight(a, loaded));
  return plan;
}

/** Event triggers would see the rest of the restore; and a database with a subscription cannot be dropped as it is. */
function watches({ kind, tokens }: DescribedStatement): boolean {
  if (kind === "event-trigger") return true;
  const [, second, third] = tokens.map(({ value }) => value);
  if (kind === "owner") return second === "event" || second === "subscription";
  return (kind === "publication" ? second : kind === "comment" ? third : "") === "subscription";
}

/** Returns what is to follow in order. */
function addLarge(
  plan: RestorePlan,
  table: TableManifest,
  statement: DescribedStatement,
  tablespace: string,
): string[] {
  const label = `${shownName(table)}`;
  const index = statement.kind === "unique" ? indexForConstraint(statement) : null;
  const statements = inTablespace(tablespace, [index?.create ?? statement.text]);
  const shared = statement.kind === "index" || index !== null;
  plan.indexes.push({ label, tables: [table], shared, statements });
  return index === null ? [] : [index.attach];
}

function smallGroups(plan: RestorePlan): (table: TableManifest, statements: string[]) => void {
  const groups = new Map<string, TableStatements>();
  let current: TableStatements | undefined;
  return (table, statements) => {
    let group = groups.get(keyOf(table));
    if (group === undefined) {
      if (current === undefined || current.tables.length >= SMALL_TABLES) {
        current = { label: shownName(table), tables: [], shared: false, statements: [] };
        plan.indexes.push(current);
      }
      group = current;
      group.tables.push(table);
      groups.set(keyOf(table), group);
    }
    group.statements.push(...statements);
  };
}

function isHeavy(statement: DescribedStatement): boolean {
  if (statement.kind === "index" || statement.kind === "unique") return true;
  return constraintType(statement.tokens) === "exclude";
}

function refersTo(statement: DescribedStatement, objects: ReadonlySet<string>): boolean {
  for (const name of namesIn(statement.tokens)) if (objects.has(keyOf(name))) return true;
  return false;
}

/** Both tables, in any order: two that check each other's keys at the same time would wait for each other. */
function foreignKey(statement: DescribedStatement): TableStatements {
  const at = statement.tokens.findIndex(({ value, kind }) => kind === "word" && value === "references");
  const [to] = namesIn(statement.tokens.slice(at + 1));
  const from = statement.subject!;
  const tables = to === undefined || keyOf(to) === keyOf(from) ? [from] : [from, to];
  return { label: shownName(from), tables, shared: false, statements: [statement.text] };
}

/**
 * Those between small tables go several in one task. Partitions stay alone: a key of what they are parts of locks them as well, and two
 * transactions with several locks could wait for each other.
 */
function foreignKeyGroups(
  plan: RestorePlan,
  loaded: ReadonlyMap<string, TableManifest>,
): (key: TableStatements) => void {
  let group: TableStatements | undefined;
  const isSmall = (table: ObjectName): boolean => {
    const known = loaded.get(keyOf(table));
    return known?.kind === "table" && known.bytes < SMALL_BYTES;
  };
  return (key) => {
    if (!key.tables.every(isSmall)) return void plan.foreignKeys.push(key);
    if (group === undefined || group.statements.length >= SMALL_TABLES) {
      group = { ...key, tables: [], statements: [] };
      plan.foreignKeys.push(group);
    }
    group.statements.push(...key.statements);
    const there = new Set(group.tables.map(keyOf));
    group.tables.push(...key.tables.filter((table) => !there.has(keyOf(table))));
  };
}

/** The value of SET default_tablespace, as it is written. */
function defaultTablespace({ tokens, kind }: DescribedStatement): string | null {
  if (kind !== "session" || tokens[1]?.value !== "default_tablespace") return null;
  return tokens.at(-1)!.text;
}

function inTablespace(tablespace: string, statements: string[]): string[] {
  if (tablespace === "" || tablespace === "''") return statements;
  return [`SET LOCAL default_tablespace = ${tablespace}`, ...statements, "SET LOCAL default_tablespace = ''"];
}

function weight({ tables }: TableStatements, loaded: ReadonlyMap<string, TableManifest>): number {
  return tables.reduce((sum, table) => sum + (loaded.get(keyOf(table))?.bytes ?? 0), 0);
}
