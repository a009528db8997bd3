/** Splits a script of pg_dump into statements, as psql does: also around functions with a body in SQL. */
import { type Token, tokenizeSql } from "./tokenize-sql.ts";

export interface Statement {
  /** Without the semicolon, and without comments before it. */
  text: string;
  tokens: readonly Token[];
}

/** Statements in order; meta-commands of psql between them are left out. */
export function splitStatements(script: string): Statement[] {
  const statements: Statement[] = [];
  let tokens: Token[] = [];
  let parentheses = 0;
  let blocks = 0;
  for (const token of tokenizeSql(script)) {
    if (tokens.length === 0 && token.kind === "meta") continue;
    if (token.kind === "symbol" && token.text === ";" && parentheses === 0 && blocks === 0) {
      finish();
      continue;
    }
    if (token.text === "(") parentheses++;
    if (token.text === ")" && parentheses > 0) parentheses--;
    tokens.push(token);
    if (token.kind === "word" && isRoutine(tokens)) blocks = blocksAfter(token, blocks);
  }
  finish();
  return statements;

  function finish(): void {
    const [first, last] = [tokens[0], tokens.at(-1)];
    if (first !== undefined && last !== undefined) {
      const from = first.at;
      const text = script.slice(from, last.at + last.text.length);
      for (const token of tokens) token.at -= from;
      statements.push({ text, tokens });
    }
    tokens = [];
    parentheses = 0;
    blocks = 0;
  }
}

/** BEGIN ATOMIC ... END holds semicolons; so may CASE ... END within it. */
function blocksAfter({ value }: Token, blocks: number): number {
  if (value === "begin") return blocks + 1;
  if (value === "case" && blocks > 0) return blocks + 1;
  if (value === "end" && blocks > 0) return blocks - 1;
  return blocks;
}

function isRoutine(tokens: readonly Token[]): boolean {
  if (tokens[0]?.value !== "create") return false;
  const kind = tokens[1]?.value === "or" ? tokens[3]?.value : tokens[1]?.value;
  return kind === "function" || kind === "procedure";
}
