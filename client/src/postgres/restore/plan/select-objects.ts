/** Which part of a backup is restored: everything, or a table or schema with what it needs. */
import { NotFoundError } from "@datadb/protocol";
import type { PostgresManifest, SequenceState, TableManifest } from "../../manifest/manifest.ts";
import type { DescribedStatement } from "../script/describe-statement.ts";
import { keyOf, nameAt, namesIn, type ObjectName } from "../script/object-name.ts";
import { isOfAbsentTrigger } from "./absent-trigger.ts";
import { withDefaults } from "./with-defaults.ts";

export interface RestoreSelection {
  /** Everything. */
  whole: boolean;
  preData: DescribedStatement[];
  postData: DescribedStatement[];
  /** Whose rows are loaded. */
  tables: TableManifest[];
  sequences: SequenceState[];
  hasView(view: ObjectName): boolean;
  /** Of a table in the target. */
  nameOf(table: ObjectName): ObjectName;
}

export function selectEverything(
  manifest: PostgresManifest,
  sequences: SequenceState[],
  preData: DescribedStatement[],
  postData: DescribedStatement[],
): RestoreSelection {
  const made = new Set(
    [...preData, ...postData].flatMap(({ creates }) => (creates === null ? [] : [keyOf(creates)])),
  );
  return {
    whole: true,
    preData,
    postData,
    tables: manifest.tables,
    sequences,
    hasView: (view) => made.has(keyOf(view)),
    nameOf: (table) => table,
  };
}

/** What a path means: the keys of the objects that were asked for. */
export interface Wanted {
  keys: Set<string>;
  /** The schema, when all of one was asked for. */
  schema: string | null;
}

/** `schema/table.copy`, `schema/table`, `schema`. Throws NOT_FOUND. */
export function wantedByPath(
  path: string,
  manifest: PostgresManifest,
  preData: readonly DescribedStatement[],
): Wanted {
  const clean = trimmed(path);
  const table = tableAt(path, manifest);
  if (table !== undefined) return { keys: new Set([keyOf(table)]), schema: null };
  // A partitioned table has no rows of its own, and no file.
  const made = preData.flatMap(({ creates }) => (creates === null ? [] : [creates]));
  const relation = made.find((one) => `${one.schema}/${one.name}` === clean);
  if (relation !== undefined) return { keys: new Set([keyOf(relation)]), schema: null };
  const schema = [...manifest.tables, ...made].find(
    (one) => one.schema === clean || one.schema === decode(clean),
  )?.schema;
  if (schema !== undefined) {
    const keys = [...manifest.tables, ...made].filter((one) => one.schema === schema).map(keyOf);
    return { keys: new Set(keys), schema };
  }
  throw new NotFoundError(`there is no table or schema '${path}' in this backup`, {
    next: "list what there is with datadb ls SELECTOR: (the colon at its end is the root)",
  });
}

/** The table that has rows there. */
export function tableAt(path: string, manifest: PostgresManifest): TableManifest | undefined {
  const clean = trimmed(path);
  return manifest.tables.find((one) => [one.path, one.path.replace(/\.copy$/, "")].includes(clean));
}

function trimmed(path: string): string {
  return path.replace(/^\/+|\/+$/g, "");
}

function decode(path: string): string {
  return path.replace(/%([0-9a-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}

export interface Closure {
  preData: DescribedStatement[];
  postData: DescribedStatement[];
  /** Keys of all objects that these make. */
  made: Set<string>;
  /** Names that no statement of the backup makes: of extensions, of the server, or of what is left out. */
  unknown: ObjectName[];
}

/**
 * Statements for the wanted objects and for those that they refer to, in the backup's order. `exists`: keys of what the target
 * has and is used as it is. A foreign key is taken when its other side is there or comes along.
 */
export function closureOf(
  wanted: Wanted,
  preData: readonly DescribedStatement[],
  postData: readonly DescribedStatement[],
  exists: (name: ObjectName) => boolean,
): Closure {
  const all = [...preData, ...postData];
  const makers = new Map<string, ObjectName>();
  for (const { creates } of all) if (creates !== null) makers.set(keyOf(creates), creates);
  const selected = new Set([...wanted.keys].filter((key) => makers.has(key)));
  const taken = new Set<DescribedStatement>();
  const unknown = new Map<string, ObjectName>();
  // Looked for once: of thousands of statements most are asked again and again.
  let left = all.flatMap((statement) => {
    const { subject } = statement;
    return subject === null ? [] : [{ statement, key: keyOf(subject), owner: ownedBy(statement) }];
  });
  for (let before = -1; before !== taken.size + selected.size; ) {
    before = taken.size + selected.size;
    for (const { statement, key, owner } of left) {
      if (owner !== null && selected.has(keyOf(owner))) selected.add(key);
      if (!selected.has(key)) continue;
      if (statement.kind === "publication" || isForeign(statement, selected, exists)) continue;
      taken.add(statement);
      if (statement.creates !== null) selected.add(keyOf(statement.creates));
      for (const name of namesIn(statement.tokens)) {
        if (statement.kind === "foreign-key" || statement.kind === "comment") break;
        if (makers.has(keyOf(name))) {
          if (!exists(name)) selected.add(keyOf(name));
        } else unknown.set(keyOf(name), name);
      }
    }
    left = left.filter(({ statement }) => !taken.has(statement));
  }
  for (const statement of [...taken]) if (isOfAbsentTrigger(statement, taken)) taken.delete(statement);
  const schemas = new Set([...selected].map((key) => key.slice(0, key.indexOf("\0"))));
  const isTaken = (statement: DescribedStatement): boolean =>
    taken.has(statement) ||
    (statement.plainName !== null &&
      statement.kind !== "extension" &&
      schemas.has(statement.plainName) &&
      isOfSchema(statement));
  return {
    preData: withDefaults(preData, isTaken),
    postData: withDefaults(postData, isTaken),
    made: selected,
    unknown: [...unknown.values()],
  };
}

/** CREATE SCHEMA, its owner and its comment. */
function isOfSchema({ kind, tokens }: DescribedStatement): boolean {
  return kind === "schema" || tokens.slice(0, 3).some(({ value }) => value === "schema");
}

/** ALTER SEQUENCE ... OWNED BY table.column; ALTER TABLE parent ATTACH PARTITION child is the same the other way round. */
function ownedBy({ tokens }: DescribedStatement): ObjectName | null {
  const at = tokens.findIndex(
    ({ value, kind }, i) => kind === "word" && value === "owned" && tokens[i + 1]?.value === "by",
  );
  return at < 0 ? null : nameAt(tokens, at + 2);
}

/** A foreign key whose other side is neither there nor restored. */
function isForeign(
  { kind, tokens }: DescribedStatement,
  selected: ReadonlySet<string>,
  exists: (name: ObjectName) => boolean,
): boolean {
  if (kind !== "foreign-key") return false;
  const at = tokens.findIndex(({ value, kind: token }) => token === "word" && value === "references");
  const to = nameAt(tokens, at + 1);
  return to !== null && !selected.has(keyOf(to)) && !exists(to);
}
