/** Chosen statements with what their script sets before them: how tables and indexes are stored, and as whom privileges are granted. */
import type { DescribedStatement } from "../script/describe-statement.ts";

const DEFAULTS = new Set(["default_tablespace", "default_table_access_method"]);

/** A setting comes along when something follows that it is for, and only then: what it names may be needed nowhere else. */
export function withDefaults(
  statements: readonly DescribedStatement[],
  isChosen: (statement: DescribedStatement) => boolean,
): DescribedStatement[] {
  const kept: DescribedStatement[] = [];
  const inForce = new Map<string, string>();
  const said = new Map<string, DescribedStatement>();
  /** Who grants, until kept. */
  let grantor: DescribedStatement | null = null;
  for (const statement of statements) {
    const setting = defaultSetBy(statement);
    if (setting !== null) said.set(setting, statement);
    else if (setsGrantor(statement)) {
      if (statement.tokens[0]!.value === "set") grantor = statement;
      else if (grantor === null) kept.push(statement);
      else grantor = null;
    } else if (isChosen(statement)) {
      if (grantor !== null) kept.push(grantor);
      grantor = null;
      for (const [name, one] of isStored(statement) ? said : []) {
        if (inForce.get(name) === one.text) continue;
        inForce.set(name, one.text);
        kept.push(one);
      }
      kept.push(statement);
    }
  }
  return kept;
}

/** The name of the setting; null for all other statements. */
export function defaultSetBy({ kind, tokens }: DescribedStatement): string | null {
  if (kind !== "session" || tokens[0]?.value !== "set") return null;
  const name = tokens[1]?.value ?? "";
  return DEFAULTS.has(name) ? name : null;
}

/** SET and RESET SESSION AUTHORIZATION, which stand around each privilege that somebody else than the owner granted. */
export function setsGrantor({ kind, tokens }: DescribedStatement): boolean {
  return kind === "session" && tokens[1]?.value === "session" && tokens[2]?.value === "authorization";
}

/** A table, a materialized view, an index, or a constraint with an index. */
function isStored({ kind, creates, tokens }: DescribedStatement): boolean {
  if (kind === "index" || kind === "unique") return true;
  return (
    creates !== null && tokens.slice(0, 3).some(({ value }) => value === "table" || value === "materialized")
  );
}
