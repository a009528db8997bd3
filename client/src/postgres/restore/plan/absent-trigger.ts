/** Statements about the state of a trigger that a partition has from what it is a part of, when it comes without that. */
import type { DescribedStatement } from "../script/describe-statement.ts";

const STATES = new Set(["enable", "disable", "always", "replica"]);

/** ALTER TABLE ... ENABLE or DISABLE TRIGGER name, which none of the others creates. */
export function isOfAbsentTrigger(
  { tokens }: DescribedStatement,
  others: Iterable<DescribedStatement>,
): boolean {
  const [state, word, name] = tokens.slice(-3);
  if (tokens[1]?.value !== "table" || word?.kind !== "word" || word.value !== "trigger") return false;
  if (state?.kind !== "word" || !STATES.has(state.value)) return false;
  for (const other of others) if (createdTrigger(other) === name!.value) return false;
  return true;
}

function createdTrigger({ tokens }: DescribedStatement): string | null {
  if (tokens[0]?.value !== "create") return null;
  const at = tokens[1]?.value === "constraint" ? 2 : 1;
  return tokens[at]?.value === "trigger" ? (tokens[at + 1]?.value ?? null) : null;
}
