import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { argumentSyntax } from "./argument-spec.ts";
import { arityAllows, COMMANDS, commandSyntax } from "./catalogue.ts";
import { commandDocs } from "./command-docs.ts";
import type { CommandSpec } from "./command-spec.ts";

const all: [string, CommandSpec][] = [...COMMANDS.values()].flatMap((spec): [string, CommandSpec][] => [
  [spec.name, spec],
  ...(spec.subcommands ?? []).map((sub): [string, CommandSpec] => [`${spec.name} ${sub.name}`, sub]),
]);

test("docs/commands.md is what the catalogue generates", () => {
  const written = readFileSync(new URL("../../../docs/commands.md", import.meta.url), "utf8");
  expect(written, "run: npm run docs:commands -w protocol").toBe(commandDocs());
});

test("the commands of the wire are all there", () => {
  const expected = `ping echo hello auth select quit client command info time now monitor shutdown
    exists type keys scan dbsize del get set range hset hmset hget hgetall hlen hscan hdel
    sadd scard smembers sismember sscan srem ladd llen lindex lrange llast lprev liter lriter lmrange ldel
    bput bget bexists bsize bcnt bscan hash size txinit txcommit txdiscard init done lease
    backup backups forget pin unpin tag mark gc check mirror stats records glacier`;
  expect([...COMMANDS.keys()].sort()).toEqual(expected.split(/\s+/).sort());
});

test.each(all)("%s: arity agrees with its arguments", (_name, spec) => {
  const words = _name.split(" ").length;
  if (spec.subcommands !== undefined) return;
  const required = spec.arguments
    .filter((argument) => argument.optional !== true)
    .reduce((sum, argument) => sum + minimumWords(argument), words);
  const open = spec.arguments.some((argument) => argument.optional === true || argument.multiple === true);
  expect(Math.abs(spec.arity)).toBeLessThanOrEqual(required);
  if (!open && words === 1) expect(arityAllows(spec, required)).toBe(true);
  if (open) expect(spec.arity).toBeLessThan(0);
});

function minimumWords(argument: CommandSpec["arguments"][number]): number {
  const parts = argument.arguments ?? [];
  if (argument.type === "pure-token") return 1;
  const own =
    argument.type === "oneof"
      ? Math.min(...parts.map(minimumWords))
      : argument.type === "block"
        ? parts.filter((part) => part.optional !== true).reduce((sum, part) => sum + minimumWords(part), 0)
        : 1;
  return own + (argument.token === undefined ? 0 : 1);
}

test.each(all)("%s: flags, rights and words make sense", (_name, spec) => {
  const writes = spec.flags.includes("write");
  expect(writes && spec.flags.includes("readonly")).toBe(false);
  if (spec.flags.includes("admin")) expect(spec.right).toBe("admin");
  expect(spec.name).toBe(spec.name.toLowerCase());
  expect(spec.summary).toMatch(/^[A-Z].*\.$/);
  expect(spec.reply).not.toBe("");
});

test("nothing that removes or replaces is open to append", () => {
  for (const name of ["del", "hdel", "srem", "ldel", "forget", "pin", "unpin", "tag", "mark", "shutdown"]) {
    expect(COMMANDS.get(name)?.right, name).toBe("admin");
  }
});

test("syntax is written as in Redis' documentation", () => {
  const syntax = (name: string) => commandSyntax(COMMANDS.get(name) as CommandSpec);
  expect(syntax("hset")).toBe("HSET key field value [field value ...]");
  expect(syntax("bput")).toBe("BPUT data [KIND data | node] [BASE name]");
  expect(syntax("llast")).toBe("LLAST key [start end [limit]] [WITH INDEX]");
  expect(argumentSyntax({ name: "x", type: "oneof", arguments: [] })).toBe("");
});
