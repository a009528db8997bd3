/** datadb rebuild: makes the databases anew from the packs. */
import { EXIT } from "../exit-code.ts";
import type { Verb } from "../verb.ts";

export const rebuild: Verb = {
  name: "rebuild",
  summary: "Make the databases of a store anew from its packs",
  usage: "[OPTION]...",
  description: [
    "For a store whose databases are lost or damaged: everything in them can be made again from the packs alone, the " +
      "newest checkpoint and the log. The old databases are kept aside until the new ones are complete.",
  ],
  options: [],
  operands: { least: 0, most: 0 },
  examples: [{ line: "datadb rebuild --store /srv/backup", does: "After the loss of meta/ or local/" }],
  exits: { [EXIT.damaged]: "rebuilt, but packs are damaged: what could not be read is named" },
};
