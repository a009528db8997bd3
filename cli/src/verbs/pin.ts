/** datadb pin: protects a backup from being removed. */
import { EXIT } from "../exit-code.ts";
import type { Verb } from "../verb.ts";
import { changePin } from "./change-pin.ts";

export const pin: Verb = {
  name: "pin",
  summary: "Protect a backup from being removed",
  usage: "SELECTOR",
  description: ["A pinned backup is kept by datadb forget whatever the rules, and datadb rm refuses it."],
  options: [],
  operands: { least: 1, most: 1, completes: "backup" },
  examples: [{ line: "datadb pin documents@2026", does: "Keep the last backup of that year for good" }],
  exits: { [EXIT.notFound]: "no such backup" },
  run: (context) => changePin(context, true),
};
