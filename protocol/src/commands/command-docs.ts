/** docs/commands.md, made from the catalogue. Written by `npm run docs:commands -w protocol`; a test compares. */
import { COMMANDS, commandSyntax } from "./catalogue.ts";
import type { CommandGroup, CommandSpec } from "./command-spec.ts";

const HEADINGS: Record<CommandGroup, string> = {
  connection: "Connection and server",
  keys: "Keys",
  string: "Strings",
  hash: "Hashes",
  set: "Sets (in byte order)",
  list: "Lists (by index)",
  blob: "Blobs",
  transaction: "Transactions and leases",
  store: "Backups and the store",
  records: "Records of other stores",
};

const INTRODUCTION = `# Commands

Generated from the command catalogue (\`protocol/src/commands/\`) by \`npm run docs:commands -w protocol\`. Do not edit.

The server speaks RESP2 and RESP3; any Redis client works. Names of commands are case-insensitive. Each command needs a right:
*read*, *append* (adds, but cannot overwrite or delete anything) or *admin*; each right includes the ones before it. Without
users in the configuration every local client has the right admin.
`;

/** The whole document, with a final newline. */
export function commandDocs(): string {
  const sections = (Object.keys(HEADINGS) as CommandGroup[]).map((group) => {
    const specs = [...COMMANDS.values()].filter((spec) => spec.group === group);
    return [`## ${HEADINGS[group]}\n`, ...specs.flatMap((spec) => describe(spec))].join("\n");
  });
  return [INTRODUCTION, ...sections].join("\n");
}

function describe(spec: CommandSpec, container?: string): string[] {
  const title = container === undefined ? "###" : "####";
  const allowed = spec.flags.includes("no_auth") ? "needs no authentication" : `right: ${spec.right}`;
  return [
    `${title} \`${commandSyntax(spec, container)}\`\n`,
    `${spec.summary}\n`,
    `- replies: ${spec.reply}`,
    `- ${allowed}; since ${spec.since}\n`,
    ...(spec.subcommands ?? []).flatMap((sub) => describe(sub, spec.name)),
  ];
}
