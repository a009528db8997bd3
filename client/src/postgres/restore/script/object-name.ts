/** Names of objects as they stand in statements of pg_dump: always with their schema. */
import type { Token } from "./tokenize-sql.ts";
import { tokenizeSql } from "./tokenize-sql.ts";

export interface ObjectName {
  schema: string;
  name: string;
}

/** One string for each name, to be compared. */
export function keyOf({ schema, name }: ObjectName): string {
  return `${schema}\0${name}`;
}

/** `"schema"."name"`, as statements may always write it. */
export function sqlName({ schema, name }: ObjectName): string {
  return `${quoteName(schema)}.${quoteName(name)}`;
}

export function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

export function quoteText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** For messages: quotes only where they are needed. */
export function shownName({ schema, name }: ObjectName): string {
  return [schema, name].map((part) => (/^[a-z_][a-z0-9_$]*$/.test(part) ? part : quoteName(part))).join(".");
}

/** The name with a schema that begins at this token (operators too), or null. */
export function nameAt(tokens: readonly Token[], at: number): ObjectName | null {
  const [schema, dot, name] = [tokens[at], tokens[at + 1], tokens[at + 2]];
  if (schema === undefined || dot?.text !== "." || name === undefined || !isName(schema)) return null;
  if (isName(name)) return { schema: schema.value, name: name.value };
  if (name.kind !== "symbol" || !OPERATOR.test(name.text)) return null;
  let operator = "";
  for (let i = at + 2; tokens[i]?.kind === "symbol" && OPERATOR.test(tokens[i]!.text); i++)
    operator += tokens[i]!.text;
  return { schema: schema.value, name: operator };
}

const OPERATOR = /[-+*/<>=~!@#%^&|`?]/;

export function isName({ kind }: Token): boolean {
  return kind === "word" || kind === "quoted";
}

/** Types whose literals are names of what has a schema. */
const NAMING_TYPES = new Set(["regclass", "regconfig", "regdictionary", "regtype", "regcollation"]);

/** A name in a string before ::regclass, such as the argument of nextval, or before another type of that kind. */
export function nameInString(tokens: readonly Token[], at: number): ObjectName | null {
  const [string, first, second, type] = tokens.slice(at, at + 4);
  if (string?.kind !== "string" || first?.text !== ":" || second?.text !== ":") return null;
  if (type?.kind !== "word" || !NAMING_TYPES.has(type.value)) return null;
  return nameAt([...tokenizeSql(string.value)], 0);
}

/** All names in a statement, each place once. */
export function* namesIn(tokens: readonly Token[]): Generator<ObjectName> {
  for (let i = 0; i < tokens.length; i++) {
    const before = tokens[i - 1]?.text;
    const name = before === "." ? null : (nameAt(tokens, i) ?? nameInString(tokens, i));
    if (name !== null) yield name;
  }
}
