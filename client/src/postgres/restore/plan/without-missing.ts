/** Leaves out what cannot be made where tables were left out of a backup: views of them, and keys that refer to them. */
import type { DescribedStatement } from "../script/describe-statement.ts";
import { keyOf, nameAt, namesIn, type ObjectName } from "../script/object-name.ts";

export function withoutMissing(
  preData: DescribedStatement[],
  postData: DescribedStatement[],
): [preData: DescribedStatement[], postData: DescribedStatement[]] {
  const all = [...preData, ...postData];
  const made = new Set(all.flatMap(({ creates }) => (creates === null ? [] : [keyOf(creates)])));
  for (let before = -1; before !== made.size; ) {
    before = made.size;
    for (const statement of all) {
      if (statement.creates === null || !isView(statement)) continue;
      if (readsMissing(statement, made)) made.delete(keyOf(statement.creates));
    }
  }
  const isPossible = (statement: DescribedStatement): boolean => {
    if (statement.kind === "publication")
      return [...namesIn(statement.tokens)].every((name) => made.has(keyOf(name)));
    if (statement.kind === "foreign-key")
      return [...referredTo(statement, "references")].every((name) => made.has(keyOf(name)));
    if (statement.creates !== null && isView(statement)) return made.has(keyOf(statement.creates));
    // What belongs to a view that is left out; objects of extensions are made by none of these statements.
    return statement.subject === null || !isLeftOut(statement.subject, all, made);
  };
  return [preData.filter(isPossible), postData.filter(isPossible)];
}

function isLeftOut(
  subject: ObjectName,
  all: readonly DescribedStatement[],
  made: ReadonlySet<string>,
): boolean {
  if (made.has(keyOf(subject))) return false;
  return all.some(({ creates }) => creates !== null && keyOf(creates) === keyOf(subject));
}

function isView({ tokens }: DescribedStatement): boolean {
  return (
    tokens[0]?.value === "create" &&
    tokens.slice(1, 5).some(({ value, kind }) => kind === "word" && value === "view")
  );
}

function readsMissing(statement: DescribedStatement, made: ReadonlySet<string>): boolean {
  for (const word of BEFORE_RELATIONS)
    for (const name of referredTo(statement, word))
      if (!SYSTEM.has(name.schema) && !made.has(keyOf(name))) return true;
  return false;
}

const BEFORE_RELATIONS = ["join", "from"];
const SYSTEM = new Set(["pg_catalog", "information_schema"]);

function* referredTo({ tokens }: DescribedStatement, word: string): Generator<ObjectName> {
  for (let i = 0; i < tokens.length; i++) {
    if (tokens[i]!.kind !== "word" || tokens[i]!.value !== word) continue;
    let at = i + 1;
    while (tokens[at]?.text === "(" || tokens[at]?.value === "only") at++;
    const name = nameAt(tokens, at);
    // A function in FROM is no relation.
    if (name !== null && (word === "references" || tokens[at + 3]?.text !== "(")) yield name;
  }
}
