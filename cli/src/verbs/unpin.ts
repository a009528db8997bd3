/** datadb unpin: ends what datadb pin began. */
import { EXIT } from "../exit-code.ts";
import type { Verb } from "../verb.ts";
import { changePin } from "./change-pin.ts";

export const unpin: Verb = {
  name: "unpin",
  summary: "End the protection of a pinned backup",
  usage: "SELECTOR",
  description: ["The backup stays until a rule or datadb rm removes it."],
  options: [],
  operands: { least: 1, most: 1, completes: "backup" },
  examples: [{ line: "datadb unpin 3f9a1c20", does: "Rules decide about this backup again" }],
  exits: { [EXIT.notFound]: "no such backup" },
  run: (context) => changePin(context, false),
};
