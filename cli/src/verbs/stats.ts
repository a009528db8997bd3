/** datadb stats: how much the store holds and what it takes. */
import { EXIT } from "../exit-code.ts";
import type { Verb } from "../verb.ts";

export const stats: Verb = {
  name: "stats",
  summary: "Show how much the store holds and what it takes on disk",
  usage: "",
  description: ["Counts backups, blobs and bytes: as they were backed up, after deduplication, and as stored."],
  options: [],
  operands: { least: 0, most: 0 },
  stopsWithReader: true,
  examples: [{ line: "datadb stats", does: "Sizes and savings" }],
};
