/** From words to Arguments, with node's parseArgs doing the splitting and every mistake named with a way out. */
import { type ParseArgsOptionsConfig, parseArgs } from "node:util";
import { UsageError } from "@datadb/protocol";
import type { Option, Verb } from "../verb.ts";
import type { Arguments } from "./arguments.ts";
import { closest } from "./closest.ts";
import { optionsOf } from "./global-options.ts";

/** Where the person finds the rest. */
const helpOf = (verb: Verb): string => `see: datadb ${verb.name} --help`;

/** Throws UsageError for unknown options (with the nearest known one), missing or surplus values and operands. */
export function parseArguments(verb: Verb, words: readonly string[]): Arguments {
  const options = new Map(optionsOf(verb).map((option) => [option.name, option]));
  const split = words.indexOf("--");
  const command = verb.command && split >= 0 ? words.slice(split + 1) : undefined;
  const { tokens } = parseArgs({
    args: command ? words.slice(0, split) : [...words],
    options: parserOptions(options.values()),
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const values = new Map<string, string[]>();
  const operands: string[] = [];
  for (const token of tokens) {
    if (token.kind === "positional") operands.push(token.value);
    if (token.kind !== "option") continue;
    const option = options.get(token.name) ?? unknownOption(verb, token.rawName, options);
    const value = checkedValue(verb, option, token);
    if (option.repeatable) values.set(option.name, [...(values.get(option.name) ?? []), value]);
    else values.set(option.name, [value]);
  }
  if (command?.length === 0) throw new UsageError("there is no command after --", helpOf(verb));
  if (!values.has("help")) checkOperands(verb, operands, command);
  return argumentsOf(values, operands, command);
}

function parserOptions(options: Iterable<Option>): ParseArgsOptionsConfig {
  const config: ParseArgsOptionsConfig = {};
  for (const { name, short, value, optionalValue } of options) {
    config[name] = {
      type: value && !optionalValue ? "string" : "boolean",
      multiple: true,
      ...(short ? { short } : {}),
    };
  }
  return config;
}

function unknownOption(verb: Verb, written: string, options: ReadonlyMap<string, Option>): never {
  const visible = [...options.values()].filter((option) => !option.hidden).map((option) => option.name);
  const meant = closest(written.replace(/^-+/, ""), visible);
  throw new UsageError(
    `datadb ${verb.name} has no option ${written}${meant ? `; did you mean --${meant}?` : ""}`,
    `${helpOf(verb)} (a name that begins with a dash goes after --, or as ./${written})`,
  );
}

interface OptionToken {
  rawName: string;
  value: string | undefined;
  inlineValue: boolean | undefined;
}

function checkedValue(verb: Verb, option: Option, { rawName, value, inlineValue }: OptionToken): string {
  if (option.value === undefined) {
    if (value !== undefined)
      throw new UsageError(`${rawName} takes no value, and got ${value}`, helpOf(verb));
    return "";
  }
  if (value === undefined && option.optionalValue) return "";
  // `--name --json`: the next option was surely not meant as the value; `--name=--json` says so.
  const swallowed = !inlineValue && value !== undefined && value.length > 1 && value.startsWith("-");
  if (value === undefined || value === "" || swallowed) {
    throw new UsageError(`${rawName} needs a value: ${rawName} ${option.value}`, helpOf(verb));
  }
  return value;
}

function checkOperands(
  verb: Verb,
  operands: readonly string[],
  command: readonly string[] | undefined,
): void {
  const { least, most } = verb.operands;
  const usage = `usage: datadb ${verb.name} ${verb.usage}`;
  if (command) {
    if (operands.length === 0) return;
    throw new UsageError(`a command after -- is the only source, and there is also ${operands[0]}`, usage);
  }
  if (operands.length < least)
    throw new UsageError(`datadb ${verb.name} needs ${missing(verb, operands)}`, usage);
  if (operands.length > most) {
    throw new UsageError(`datadb ${verb.name} does not know what to do with ${operands[most]}`, usage);
  }
}

function missing(verb: Verb, operands: readonly string[]): string {
  const names = verb.usage.split(" ").filter((word) => /^[A-Z]/.test(word));
  return names[operands.length] ?? "one more operand";
}

function argumentsOf(
  values: ReadonlyMap<string, string[]>,
  operands: readonly string[],
  command: readonly string[] | undefined,
): Arguments {
  const text = (name: string): string | undefined => values.get(name)?.at(-1);
  return {
    flag: (name) => values.has(name),
    text,
    list: (name) => values.get(name) ?? [],
    number: (name, least, most) => wholeNumber(name, text(name), least, most),
    duration: (name) => milliseconds(name, text(name)),
    operands,
    command,
  };
}

function wholeNumber(
  name: string,
  value: string | undefined,
  least: number,
  most: number,
): number | undefined {
  if (value === undefined) return undefined;
  const number = /^\d+$/.test(value) ? Number(value) : Number.NaN;
  if (number >= least && number <= most) return number;
  throw new UsageError(`--${name} is ${value}`, `give a whole number from ${least} to ${most}`);
}

const UNIT_MS: Record<string, number> = { "": 1000, ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

function milliseconds(name: string, value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  const [, amount, unit] = /^(\d{1,9})(ms|s|m|h)?$/.exec(value) ?? [];
  if (amount !== undefined) return Number(amount) * UNIT_MS[unit ?? ""]!;
  throw new UsageError(`--${name} is ${value}`, "give a duration such as 30s, 5m or 1h");
}
