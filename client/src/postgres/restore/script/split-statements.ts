/** Splits a script of pg_dump into statements, as psql does: also around functions with a body in SQL. */
import { type Token, tokenizeSql } from "./tokenize-sql.ts";

export interface Statement {
  /** Without the semicolon, and without comments before it. */
  text: string;
  tokens: readonly Token[];
}

/** Statements in order; meta-commands of psql between them are left out. */
export function splitStatements(script: string): Statement[] {
  return [...statementsIn(script)].map(({ text, tokens }) => ({ text, tokens }));
}

/** Where the statement that begins at `from` ends, its semicolon included. */
export function endOfStatement(script: string, from: number): number {
  const [first] = statementsIn(script.slice(from));
  return first === undefined ? script.length : from + first.end;
}

function* statementsIn(script: string): Generator<Statement & { end: number }> {
  let tokens: Token[] = [];
  let parentheses = 0;
  let blocks = 0;
  for (const token of tokenizeSql(script)) {
    if (tokens.length === 0 && token.kind === "meta") continue;
    if (token.kind === "symbol" && token.text === ";" && parentheses === 0 && blocks === 0) {
      if (tokens.length > 0) yield statementOf(script, tokens, token.at + 1);
      tokens = [];
      continue;
    }
    if (token.text === "(") parentheses++;
    if (token.text === ")" && parentheses > 0) parentheses--;
    tokens.push(token);
    if (token.kind === "word" && isRoutine(tokens)) blocks = blocksAfter(tokens, parentheses, blocks);
  }
  if (tokens.length > 0) yield statementOf(script, tokens, script.length);
}

function statementOf(script: string, tokens: Token[], end: number): Statement & { end: number } {
  const last = tokens.at(-1)!;
  const from = tokens[0]!.at;
  const text = script.slice(from, last.at + last.text.length);
  for (const token of tokens) token.at -= from;
  return { text, tokens, end };
}

/**
 * BEGIN ATOMIC ... END holds semicolons; so may CASE ... END within it. BEGIN alone is a name, of a parameter or a column, which
 * needs no quotes.
 */
function blocksAfter(tokens: readonly Token[], parentheses: number, blocks: number): number {
  const { value } = tokens.at(-1)!;
  if (value === "atomic" && blocks === 0 && parentheses === 0) return isBegin(tokens.at(-2)) ? 1 : 0;
  if (value === "case" && blocks > 0) return blocks + 1;
  if (value === "end" && blocks > 0) return blocks - 1;
  return blocks;
}

function isBegin(token: Token | undefined): boolean {
  return token?.kind === "word" && token.value === "begin";
}

function isRoutine(tokens: readonly Token[]): boolean {
  if (tokens[0]?.value !== "create") return false;
  const kind = tokens[1]?.value === "or" ? tokens[3]?.value : tokens[1]?.value;
  return kind === "function" || kind === "procedure";
}
