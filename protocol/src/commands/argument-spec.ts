/** The shape of a command's argument, as COMMAND DOCS tells it, and short ways to write one down. */

export type ArgumentType = "key" | "string" | "integer" | "pattern" | "pure-token" | "oneof" | "block";

export interface ArgumentSpec {
  name: string;
  type: ArgumentType;
  /** The word that stands before the value, or alone for a pure token. */
  token?: string;
  optional?: boolean;
  /** May be repeated. */
  multiple?: boolean;
  /** The parts of a block, the alternatives of a oneof. */
  arguments?: readonly ArgumentSpec[];
}

export const key: ArgumentSpec = { name: "key", type: "key" };

export function string(name: string): ArgumentSpec {
  return { name, type: "string" };
}

export function integer(name: string): ArgumentSpec {
  return { name, type: "integer" };
}

/** A word without a value. */
export function word(token: string): ArgumentSpec {
  return { name: token.toLowerCase(), type: "pure-token", token };
}

export function optional(argument: ArgumentSpec): ArgumentSpec {
  return { ...argument, optional: true };
}

export function many(argument: ArgumentSpec): ArgumentSpec {
  return { ...argument, multiple: true };
}

/** A value behind a word: `COUNT count`. */
export function after(token: string, argument: ArgumentSpec): ArgumentSpec {
  return { ...argument, token };
}

export function block(name: string, ...parts: ArgumentSpec[]): ArgumentSpec {
  return { name, type: "block", arguments: parts };
}

export function oneOf(name: string, ...alternatives: ArgumentSpec[]): ArgumentSpec {
  return { name, type: "oneof", arguments: alternatives };
}

/** `WITH INDEX`, as the origin writes it. */
export const withIndex: ArgumentSpec = optional({ name: "index", type: "pure-token", token: "WITH INDEX" });

/** How an argument is written in documentation: `[COUNT count]`, `key [key ...]`. */
export function argumentSyntax(argument: ArgumentSpec): string {
  const value = valueSyntax(argument);
  const repeated = argument.multiple === true ? `${value} [${value} ...]` : value;
  return argument.optional === true ? `[${repeated}]` : repeated;
}

function valueSyntax(argument: ArgumentSpec): string {
  const parts = (argument.arguments ?? []).map(argumentSyntax);
  if (argument.type === "pure-token") return argument.token ?? argument.name;
  const value =
    argument.type === "oneof"
      ? parts.join(" | ")
      : argument.type === "block"
        ? parts.join(" ")
        : argument.name;
  return argument.token === undefined ? value : `${argument.token} ${value}`;
}
