/** Roles that statements name, of those that the backup says it refers to. */
import type { DescribedStatement } from "../script/describe-statement.ts";
import { isName } from "../script/object-name.ts";

export function neededRoles(statements: readonly DescribedStatement[], known: readonly string[]): string[] {
  const roles = new Set(known);
  const needed = new Set<string>();
  for (const statement of statements) {
    if (!namesRoles(statement)) continue;
    for (const token of statement.tokens)
      if (isName(token) && roles.has(token.value)) needed.add(token.value);
    // SET SESSION AUTHORIZATION may have its role in a string.
    const last = statement.tokens.at(-1)!;
    if (statement.kind === "session" && roles.has(last.value)) needed.add(last.value);
  }
  return [...needed].sort();
}

/** Roles to which objects will belong. */
export function neededOwners(statements: readonly DescribedStatement[]): string[] {
  const owners = statements.filter(({ kind }) => kind === "owner").map(({ tokens }) => tokens.at(-1)!.value);
  return [...new Set(owners)].sort();
}

function namesRoles({ kind, tokens }: DescribedStatement): boolean {
  if (kind === "owner" || kind === "privilege") return true;
  if (kind === "session") return tokens[1]?.value === "session";
  const [, second, third] = tokens.map(({ value }) => value);
  if (tokens[0]?.value !== "create") return false;
  return second === "policy" || (second === "user" && third === "mapping") || second === "schema";
}
