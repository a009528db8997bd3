/** datadb check: finds damage and names what it affects. */
import { EXIT } from "../exit-code.ts";
import type { Verb } from "../verb.ts";

export const check: Verb = {
  name: "check",
  summary: "Check that every backup can be restored",
  usage: "[--read-data[=PERCENT]]",
  description: [
    "Checks the log, the index and the tree of every backup. With --read-data it also reads all content (or a random part " +
      "of it) and compares it with its names. Damage is named down to backup and path.",
  ],
  options: [
    { name: "read-data", value: "PERCENT", optionalValue: true, help: "read all content too, or PERCENT of it at random" },
  ],
  operands: { least: 0, most: 0 },
  examples: [
    { line: "datadb check", does: "Structure only: quick" },
    { line: "datadb check --read-data", does: "Everything" },
    { line: "datadb check --read-data=5", does: "A twentieth of the content, every day another one" },
  ],
  exits: { [EXIT.damaged]: "the store is damaged: the findings say which backups and paths" },
};
