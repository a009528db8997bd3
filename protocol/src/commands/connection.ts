/** Commands about the connection and the server. */
import { after, block, integer, many, oneOf, optional, string, word } from "./argument-spec.ts";
import { type CommandSpec, commandGroup } from "./command-spec.ts";

export const connectionCommands: readonly CommandSpec[] = commandGroup("connection", [
  {
    name: "ping",
    summary: "Answers PONG, or the message.",
    arity: -1,
    flags: ["fast"],
    right: "read",
    reply: "PONG as a simple string, or the message",
    arguments: [optional(string("message"))],
  },
  {
    name: "echo",
    summary: "Answers the message.",
    arity: 2,
    flags: ["fast"],
    right: "read",
    reply: "the message",
    arguments: [string("message")],
  },
  {
    name: "hello",
    summary: "Chooses RESP2 or RESP3, and authenticates and names the connection on the way.",
    arity: -1,
    flags: ["fast", "no_auth"],
    right: "read",
    reply: "a map of server, version, proto, id, mode, role, modules; NOPROTO for another protocol version",
    arguments: [
      optional(
        block(
          "arguments",
          integer("protover"),
          optional(after("AUTH", block("auth", string("username"), string("password")))),
          optional(after("SETNAME", string("clientname"))),
        ),
      ),
    ],
  },
  {
    name: "auth",
    summary: "Authenticates the connection as a user of the configuration; `default` when no name is given.",
    arity: -2,
    flags: ["fast", "no_auth"],
    right: "read",
    reply: "OK; WRONGPASS when name or password are wrong",
    arguments: [optional(string("username")), string("password")],
  },
  {
    name: "select",
    summary: "Chooses the database by name: any string. `0` is the default database.",
    arity: 2,
    flags: ["fast"],
    right: "read",
    reply: "OK",
    arguments: [string("database")],
  },
  {
    name: "quit",
    summary: "Closes the connection after the replies under way.",
    arity: -1,
    flags: ["fast", "no_auth"],
    right: "read",
    reply: "OK",
  },
  clientEntry(),
  commandEntry(),
  {
    name: "info",
    summary: "Facts and counters of the server, by section.",
    arity: -1,
    flags: [],
    right: "read",
    reply: "text: `# Section` lines, then `field:value` lines",
    arguments: [optional(many(string("section")))],
  },
  {
    name: "time",
    summary: "The server's clock.",
    arity: 1,
    flags: ["fast"],
    right: "read",
    reply: "array of seconds since 1970 and microseconds",
  },
  {
    name: "now",
    summary: "The server's clock in whole seconds.",
    arity: 1,
    flags: ["fast"],
    right: "read",
    reply: "seconds since 1970 as a simple string",
  },
  {
    name: "monitor",
    summary: "Streams every command the server executes, secrets left out, until the connection closes.",
    arity: 1,
    flags: ["admin"],
    right: "admin",
    reply: "OK, then one simple string a command; a reader that is too slow loses lines and is told how many",
  },
  {
    name: "shutdown",
    summary: "Makes everything durable, closes the store and ends the server.",
    arity: -1,
    flags: ["admin"],
    right: "admin",
    reply: "none: the connection closes",
    arguments: [optional(oneOf("save-selector", word("NOSAVE"), word("SAVE")))],
  },
]);

function clientEntry(): Parameters<typeof commandGroup>[1][number] {
  const sub = { flags: ["fast"] as const, right: "read" as const };
  return {
    name: "client",
    summary: "A container for commands about client connections.",
    arity: -2,
    flags: [],
    right: "read",
    reply: "depends on the subcommand",
    subcommands: [
      { ...sub, name: "id", summary: "The connection's number.", arity: 2, reply: "integer" },
      { ...sub, name: "info", summary: "The connection's own line of CLIENT LIST.", arity: 2, reply: "text" },
      {
        ...sub,
        name: "list",
        summary: "All connections, a line each.",
        arity: -2,
        right: "admin",
        reply: "text",
        arguments: [optional(after("ID", many(integer("client-id"))))],
      },
      {
        ...sub,
        name: "setname",
        summary: "Names the connection; an empty name removes it.",
        arity: 3,
        reply: "OK",
        arguments: [string("connection-name")],
      },
      { ...sub, name: "getname", summary: "The connection's name.", arity: 2, reply: "the name, or nil" },
      {
        ...sub,
        name: "setinfo",
        summary: "Notes the client library's name or version.",
        arity: 4,
        reply: "OK",
        arguments: [oneOf("attr", after("LIB-NAME", string("libname")), after("LIB-VER", string("libver")))],
      },
      {
        ...sub,
        name: "no-evict",
        summary: "Accepted for clients that send it; connections are never evicted.",
        arity: 3,
        reply: "OK",
        arguments: [oneOf("enabled", word("ON"), word("OFF"))],
      },
      {
        ...sub,
        name: "kill",
        summary: "Closes connections.",
        arity: -3,
        right: "admin",
        reply: "OK for an address, else the number of connections closed",
        arguments: [
          oneOf(
            "filter",
            string("ip:port"),
            after("ID", integer("client-id")),
            after("ADDR", string("ip:port")),
          ),
        ],
      },
      { ...sub, name: "help", summary: "The subcommands.", arity: 2, reply: "array of lines" },
    ],
  };
}

function commandEntry(): Parameters<typeof commandGroup>[1][number] {
  const sub = { flags: ["fast"] as const, right: "read" as const };
  return {
    name: "command",
    summary: "The catalogue of commands.",
    arity: -1,
    flags: [],
    right: "read",
    reply:
      "array of commands: name, arity, flags, key positions, categories, tips, key specifications, subcommands",
    subcommands: [
      { ...sub, name: "count", summary: "The number of commands.", arity: 2, reply: "integer" },
      {
        ...sub,
        name: "docs",
        summary: "Summary, group and arguments of commands.",
        arity: -2,
        reply: "map of name to map",
        arguments: [optional(many(string("command-name")))],
      },
      {
        ...sub,
        name: "info",
        summary: "What COMMAND answers, for some commands.",
        arity: -2,
        reply: "array, nil for an unknown command",
        arguments: [optional(many(string("command-name")))],
      },
      {
        ...sub,
        name: "getkeys",
        summary: "The keys among the arguments of a full command.",
        arity: -3,
        reply: "array of keys",
        arguments: [string("command"), optional(many(string("arg")))],
      },
      { ...sub, name: "list", summary: "The names of all commands.", arity: -2, reply: "array of names" },
      { ...sub, name: "help", summary: "The subcommands.", arity: 2, reply: "array of lines" },
    ],
  };
}
