/** What a statement of pg_dump does: its kind, what it makes, and which object it belongs to. Says nothing it does not see. */
import { nameAt, type ObjectName } from "./object-name.ts";
import type { Statement } from "./split-statements.ts";
import type { Token } from "./tokenize-sql.ts";

type StatementKind =
  | "session"
  | "schema"
  | "extension"
  | "owner"
  | "privilege"
  | "index"
  | "unique"
  | "foreign-key"
  | "attach"
  | "event-trigger"
  | "publication"
  | "comment"
  | "object";

export interface DescribedStatement extends Statement {
  kind: StatementKind;
  /** The object that it makes, where that has a schema. */
  creates: ObjectName | null;
  /** The object that it changes or belongs to; the same as `creates` for what stands for itself. */
  subject: ObjectName | null;
  /** For a schema or an extension: its name. */
  plainName: string | null;
}

export function describeStatement(statement: Statement): DescribedStatement {
  const words = leadingWords(statement.tokens);
  const describe = DESCRIBERS[words[0] ?? ""] ?? other;
  return {
    ...statement,
    creates: null,
    subject: null,
    plainName: null,
    ...describe(statement.tokens, words),
  };
}

type Description = Partial<DescribedStatement> & { kind: StatementKind };
type Describer = (tokens: readonly Token[], words: readonly string[]) => Description;

const SESSION: Describer = () => ({ kind: "session" });
const PRIVILEGE: Describer = (tokens) => ({ kind: "privilege", subject: nameAfter(tokens, "on") });

const DESCRIBERS: Readonly<Record<string, Describer>> = {
  set: SESSION,
  reset: SESSION,
  select: SESSION,
  grant: PRIVILEGE,
  revoke: PRIVILEGE,
  create,
  alter,
  comment: commented,
  security: commented,
};

function other(): Description {
  return { kind: "object" };
}

/** Words that say what is made, without those that say how. */
function leadingWords(tokens: readonly Token[]): string[] {
  const words: string[] = [];
  for (let i = 0; i < 8 && tokens[i]?.kind === "word"; i++) {
    const { value } = tokens[i]!;
    if (!HOW.has(value)) words.push(value);
  }
  return words;
}

const HOW = new Set(["or", "replace", "unlogged", "unique", "constraint", "recursive", "only", "trusted"]);
/** What belongs to the table that comes after ON. */
const ON_A_TABLE = new Set(["trigger", "policy", "index"]);

function create(tokens: readonly Token[], words: readonly string[]): Description {
  const kind = words[1] ?? "";
  if (kind === "schema" || kind === "extension") return { kind, plainName: plainName(tokens) };
  if (kind === "event") return { kind: "event-trigger" };
  if (kind === "publication" || kind === "subscription") return { kind: "publication" };
  if (kind === "rule") return { kind: "object", subject: nameAfter(tokens, "to") };
  if (ON_A_TABLE.has(kind)) {
    const subject = nameAfter(tokens, "on");
    if (kind !== "index") return { kind: "object", subject };
    return { kind: "index", subject, creates: subject && { ...subject, name: wordAfter(tokens, "index") } };
  }
  const name = firstName(tokens);
  if (kind === "statistics") return { kind: "object", creates: name, subject: nameAfter(tokens, "from") };
  // CREATE CAST, SERVER, USER MAPPING and the like have no schema: names in them are others'.
  return WITH_SCHEMA.has(kind) ? { kind: "object", creates: name, subject: name } : { kind: "object" };
}

const WITH_SCHEMA = new Set(
  "table foreign view materialized sequence type domain function procedure aggregate operator collation conversion text".split(
    " ",
  ),
);

function alter(tokens: readonly Token[], words: readonly string[]): Description {
  const subject = firstName(tokens);
  if (words[1] === "default" && words[2] === "privileges") return { kind: "privilege" };
  if (words[1] === "event") return { kind: isOwner(tokens) ? "owner" : "event-trigger" };
  if (isOwner(tokens))
    return { kind: "owner", subject, plainName: words[1] === "schema" ? plainName(tokens) : null };
  if (words[1] === "publication" || words[1] === "subscription") return { kind: "publication" };
  const has = (...values: string[]): boolean => hasWords(tokens, values);
  if (has("attach", "partition")) return { kind: "attach", subject };
  if (!has("add", "constraint")) return { kind: "object", subject };
  if (has("foreign", "key")) return { kind: "foreign-key", subject };
  const type = constraintType(tokens);
  // Their index is an object of its own, with the constraint's name.
  const creates = INDEXED.has(type) && subject ? { ...subject, name: wordAfter(tokens, "constraint") } : null;
  return { kind: type === "primary" || type === "unique" ? "unique" : "object", subject, creates };
}

const INDEXED = new Set(["primary", "unique", "exclude"]);

/** The word after the name of the constraint. */
export function constraintType(tokens: readonly Token[]): string {
  const at = tokens.findIndex(({ value, kind }) => kind === "word" && value === "constraint");
  return tokens[at + 2]?.value ?? "";
}

function isOwner(tokens: readonly Token[]): boolean {
  const [owner, to] = tokens.slice(-3);
  return owner?.kind === "word" && owner.value === "owner" && to?.value === "to";
}

/** COMMENT ON CONSTRAINT c ON table; COMMENT ON COLUMN table.c; COMMENT ON TABLE table. */
function commented(tokens: readonly Token[]): Description {
  const on = tokens.findIndex(({ value, kind }) => kind === "word" && value === "on");
  const [kind, name] = tokens.slice(on + 1, on + 3);
  if (kind?.value === "event" && name?.value === "trigger") return { kind: "event-trigger" };
  if (kind?.value === "schema" || kind?.value === "extension")
    return { kind: "comment", plainName: name?.value ?? null };
  return {
    kind: "comment",
    subject: nameAfter(tokens.slice(on + 1), "on") ?? firstName(tokens.slice(on + 1)),
  };
}

function plainName(tokens: readonly Token[]): string | null {
  const at = tokens.findIndex(({ value }) => value === "schema" || value === "extension");
  const rest = tokens.slice(at + 1);
  const skipped = rest[0]?.value === "if" ? 3 : 0;
  return rest[skipped]?.value ?? null;
}

function wordAfter(tokens: readonly Token[], word: string): string {
  return tokens[tokens.findIndex(({ value, kind }) => kind === "word" && value === word) + 1]?.value ?? "";
}

function hasWords(tokens: readonly Token[], values: readonly string[]): boolean {
  return tokens.some((_, i) =>
    values.every((value, k) => tokens[i + k]?.kind === "word" && tokens[i + k]!.value === value),
  );
}

function firstName(tokens: readonly Token[]): ObjectName | null {
  for (let i = 0; i < tokens.length; i++) {
    const name = nameAt(tokens, i);
    if (name !== null) return name;
    // Beyond a parenthesis names are arguments.
    if (tokens[i]!.text === "(") return null;
  }
  return null;
}

/** The first name with a schema that follows the word outside of parentheses; words of tables may stand between. */
function nameAfter(tokens: readonly Token[], word: string): ObjectName | null {
  let depth = 0;
  for (let i = 0; i < tokens.length; i++) {
    const { text, kind, value } = tokens[i]!;
    if (text === "(") depth++;
    else if (text === ")") depth--;
    else if (depth === 0 && kind === "word" && value === word) {
      for (let k = i + 1; k < i + 4; k++) {
        const name = nameAt(tokens, k);
        if (name !== null) return name;
        if (tokens[k]?.kind !== "word") break;
      }
    }
  }
  return null;
}
