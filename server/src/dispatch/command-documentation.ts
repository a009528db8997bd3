/** What COMMAND DOCS tells, from the catalogue. */
import {
  type ArgumentSpec,
  COMMANDS,
  type CommandSpec,
  MapReply,
  type Reply,
  SimpleString,
} from "@datadb/protocol";

/** A map of name to documentation: of the commands named, unknown ones left out, or of all. */
export function commandDocumentation(names: readonly string[]): Reply {
  const specs =
    names.length === 0 ? [...COMMANDS.values()] : names.flatMap((name) => COMMANDS.get(name) ?? []);
  return new MapReply(specs.map((spec) => [spec.name, documentation(spec)]));
}

function documentation(spec: CommandSpec): Reply {
  const entries: [Reply, Reply][] = [
    ["summary", spec.summary],
    ["since", spec.since],
    ["group", spec.group],
  ];
  if (spec.arguments.length > 0) entries.push(["arguments", spec.arguments.map(argument)]);
  if (spec.subcommands !== undefined) {
    entries.push([
      "subcommands",
      new MapReply(spec.subcommands.map((sub) => [`${spec.name}|${sub.name}`, documentation(sub)])),
    ]);
  }
  return new MapReply(entries);
}

function argument(spec: ArgumentSpec): Reply {
  const entries: [Reply, Reply][] = [
    ["name", spec.name],
    ["type", spec.type],
  ];
  if (spec.type === "key") entries.push(["key_spec_index", 0]);
  if (spec.token !== undefined) entries.push(["token", spec.token]);
  const flags = [
    ...(spec.optional === true ? ["optional"] : []),
    ...(spec.multiple === true ? ["multiple"] : []),
  ];
  if (flags.length > 0) entries.push(["flags", flags.map((flag) => new SimpleString(flag))]);
  if (spec.arguments !== undefined) entries.push(["arguments", spec.arguments.map(argument)]);
  return new MapReply(entries);
}
