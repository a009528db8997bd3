/** A unique index that is made first, and the constraint that then takes it over: only that locks the table alone, for a moment. */
import { constraintType, type DescribedStatement } from "../script/describe-statement.ts";
import { quoteName, sqlName } from "../script/object-name.ts";
import type { Token } from "../script/tokenize-sql.ts";

export interface IndexForConstraint {
  create: string;
  attach: string;
}

/** For ALTER TABLE ... ADD CONSTRAINT ... UNIQUE or PRIMARY KEY of a table without partitions; null for forms that it does not know. */
export function indexForConstraint({ tokens, text, subject }: DescribedStatement): IndexForConstraint | null {
  const at = tokens.findIndex(({ value, kind }) => kind === "word" && value === "constraint");
  const name = tokens[at + 1]?.value;
  const open = tokens.findIndex(({ text: symbol }, i) => i > at + 1 && symbol === "(");
  const close = closing(tokens, open);
  if (subject === null || at < 0 || name === undefined || open < 0 || close < 0) return null;
  const words = tokens.slice(at + 2, open).map(({ value }) => value);
  const type = words.join(" ");
  if (!["primary key", "unique", "unique nulls not distinct"].includes(type)) return null;
  if (tokens.slice(open, close).some(({ kind, value }) => kind === "word" && value === "overlaps"))
    return null;
  const parts = trailing(tokens, text, close + 1);
  if (parts === null) return null;
  const columns = text.slice(tokens[open]!.at, tokens[close]!.at + 1);
  const nulls = type === "unique nulls not distinct" ? " NULLS NOT DISTINCT" : "";
  const table = sqlName(subject);
  const kind = constraintType(tokens) === "unique" ? "UNIQUE" : "PRIMARY KEY";
  return {
    create: `CREATE UNIQUE INDEX ${quoteName(name)} ON ${table} USING btree ${columns}${parts.include}${nulls}${parts.options}`,
    attach: `ALTER TABLE ONLY ${table} ADD CONSTRAINT ${quoteName(name)} ${kind} USING INDEX ${quoteName(name)}${parts.deferrable}`,
  };
}

/** INCLUDE (...), WITH (...) and DEFERRABLE ..., in this order; null when there is anything else. */
function trailing(
  tokens: readonly Token[],
  text: string,
  from: number,
): { include: string; options: string; deferrable: string } | null {
  const found = { include: "", options: "", deferrable: "" };
  let at = from;
  for (const [word, part] of [
    ["include", "include"],
    ["with", "options"],
  ] as const) {
    if (tokens[at]?.value !== word || tokens[at + 1]?.text !== "(") continue;
    const close = closing(tokens, at + 1);
    found[part] = ` ${text.slice(tokens[at]!.at, tokens[close]!.at + 1)}`;
    at = close + 1;
  }
  if (tokens[at]?.value === "deferrable") {
    found.deferrable = ` ${text.slice(tokens[at]!.at)}`;
    return found;
  }
  return at === tokens.length ? found : null;
}

function closing(tokens: readonly Token[], open: number): number {
  let depth = 0;
  for (let i = Math.max(open, 0); i < tokens.length; i++) {
    if (tokens[i]!.text === "(") depth++;
    else if (tokens[i]!.text === ")" && --depth === 0) return i;
  }
  return -1;
}
