/** One command as COMMAND and COMMAND INFO tell it: the ten elements of Redis 7. */
import { type CommandSpec, MapReply, type Reply, SetReply, SimpleString } from "@datadb/protocol";

export function commandInfo(spec: CommandSpec, container?: string): Reply {
  const { first, last, step } = spec.keys;
  const status = (text: string): Reply => new SimpleString(text);
  return [
    container === undefined ? spec.name : `${container}|${spec.name}`,
    spec.arity,
    new SetReply(spec.flags.map(status)),
    first,
    last,
    step,
    new SetReply(categories(spec).map(status)),
    [],
    first === 0 ? [] : [keySpecification(spec)],
    (spec.subcommands ?? []).map((sub) => commandInfo(sub, spec.name)),
  ];
}

/** The right as a category, and Redis' ones that follow from flags. */
function categories(spec: CommandSpec): string[] {
  const { flags } = spec;
  return [
    `@${spec.right}`,
    ...(flags.includes("write") ? ["@write"] : []),
    ...(flags.includes("readonly") && spec.right !== "read" ? ["@read"] : []),
    flags.includes("fast") ? "@fast" : "@slow",
    ...(flags.includes("admin") ? ["@dangerous"] : []),
    `@${spec.group}`,
  ];
}

function keySpecification(spec: CommandSpec): Reply {
  const { first, last, step } = spec.keys;
  const access = spec.flags.includes("write") ? "RW" : "RO";
  return new MapReply([
    ["flags", new SetReply([new SimpleString(access)])],
    [
      "begin_search",
      new MapReply([
        ["type", "index"],
        ["spec", new MapReply([["index", first]])],
      ]),
    ],
    [
      "find_keys",
      new MapReply([
        ["type", "range"],
        [
          "spec",
          new MapReply([
            ["lastkey", last < 0 ? last : last - first],
            ["keystep", step],
            ["limit", 0],
          ]),
        ],
      ]),
    ],
  ]);
}
