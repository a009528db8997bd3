/** RECORDS and its subcommands: a backend of another store, over the wire. */
import type { CommandHandler } from "../../dispatch/command.ts";
import { containerHandler } from "../../dispatch/container-handler.ts";
import { aside, distrust, part, put, remove, replace } from "./change-records.ts";
import { compact, flush, reindex } from "./keep-records.ts";
import { known, open, recovered } from "./open-records.ts";
import { get, has, list, next, packs, stat } from "./read-records.ts";

export const records: CommandHandler = containerHandler("records", {
  ...{ open, recovered, known },
  ...{ has, get, stat, packs, list, next },
  ...{ part, put, replace, remove, distrust, aside },
  ...{ flush, compact, reindex },
});
