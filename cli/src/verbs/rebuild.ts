/** datadb rebuild: makes the databases anew from the packs. */
import { UsageError } from "@datadb/protocol";
import { EXIT } from "../exit-code.ts";
import { formatCount } from "../output/format-count.ts";
import { formatDuration } from "../output/format-duration.ts";
import { printable } from "../output/printable.ts";
import { knownStores } from "../store/known-stores.ts";
import { storePath } from "../store/store-path.ts";

import type { Verb } from "../verb.ts";

export const rebuild: Verb = {
  name: "rebuild",
  summary: "Make the databases of a store anew from its packs",
  usage: "[OPTION]...",
  description: [
    "For a store whose databases are lost or damaged: everything in them can be made again from the packs alone, the " +
      "newest checkpoint and the log. Nobody else can use the store meanwhile.",
  ],
  options: [],
  operands: { least: 0, most: 0 },
  examples: [{ line: "datadb rebuild --store /srv/backup", does: "After the loss of meta/ or local/" }],
  exits: { [EXIT.damaged]: "packs are damaged: what could not be read is named" },
};
