/** datadb tag: shows and changes the tags of a backup. */
import { EXIT } from "../exit-code.ts";
import { printable } from "../output/printable.ts";
import { withConnection } from "../store/with-connection.ts";
import type { Verb } from "../verb.ts";
import { readBackup } from "./read-selection.ts";

export const tagVerb: Verb = {
  name: "tag",
  summary: "Show or change the tags of a backup",
  usage: "[OPTION]... SELECTOR",
  description: [
    "Without options: prints the tags, one a line. Everything else about a backup never changes.",
  ],
  options: [
    { name: "add", value: "TAG", help: "add a tag", repeatable: true, completes: "nothing" },
    { name: "remove", value: "TAG", help: "remove a tag", repeatable: true, completes: "nothing" },
    { name: "clear", help: "remove all tags first" },
  ],
  operands: { least: 1, most: 1, completes: "backup" },
  examples: [
    { line: "datadb tag --add keep --add audit documents", does: "Two tags for the newest backup" },
    { line: "datadb tag --remove keep 3f9a1c20", does: "One tag less" },
  ],
  exits: { [EXIT.notFound]: "no such backup" },
  run: (context) =>
    withConnection(context, { job: "tag" }, async (connection) => {
      const { arguments: args, output } = context;
      const backup = await readBackup(connection, args.operands[0]!);
      const change = {
        ...(args.flag("clear") ? { set: [] } : {}),
        add: args.list("add"),
        remove: args.list("remove"),
      };
      const changes = args.flag("clear") || change.add.length > 0 || change.remove.length > 0;
      const { tag: changeTags } = await import("@datadb/client");
      const tags = changes ? await changeTags(connection, backup, change) : backup.tags;
      for (const tag of tags) output.line(printable(tag));
      output.record({ type: "summary", backup: backup.id, tags });
      return EXIT.done;
    }),
};
