/** The options that say what retention keeps, and how they are read. */
import type { KeepCount, KeepRules } from "@datadb/client";
import { UsageError } from "@datadb/protocol";
import type { Arguments } from "../arguments/arguments.ts";
import type { Option } from "../verb.ts";

const COUNTS = {
  last: "keep the newest N backups",
  hourly: "keep the newest backup of each of the last N hours that have one",
  daily: "the same for days",
  weekly: "the same for weeks (Monday to Sunday)",
  monthly: "the same for months",
  yearly: "the same for years",
} as const;
type Count = keyof typeof COUNTS;

export const KEEP_OPTIONS: readonly Option[] = [
  ...Object.entries(COUNTS).map(
    ([name, help]): Option => ({ name: `keep-${name}`, value: "N", help, completes: "nothing" }),
  ),
  {
    name: "keep-within",
    value: "DURATION",
    help: "keep what is at most so much older than the newest backup, e.g. 1y6m, 2w, 7d12h",
    completes: "nothing",
  },
  {
    name: "keep-tag",
    value: "TAG[,TAG]",
    help: "keep backups that have this tag, or all of these",
    repeatable: true,
    completes: "nothing",
  },
];

/** Throws UsageError for what is no count or duration. */
export async function keepRules(args: Arguments): Promise<KeepRules> {
  const { parseKeepDuration } = await import("@datadb/client");
  const rules: KeepRules = {};
  for (const name of Object.keys(COUNTS) as Count[]) {
    const count = keepCount(`keep-${name}`, args.text(`keep-${name}`));
    if (count !== undefined) rules[name] = count;
  }
  const within = args.text("keep-within");
  if (within !== undefined) rules.within = parseKeepDuration(within);
  const tags = args.list("keep-tag");
  if (tags.some((list) => list.split(",").includes("")))
    throw new UsageError("--keep-tag is given an empty tag", "name a tag, or several with commas");
  if (tags.length > 0) rules.tags = tags.map((list) => list.split(","));
  return rules;
}

function keepCount(option: string, text: string | undefined): KeepCount | undefined {
  if (text === undefined || text === "unlimited") return text;
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new UsageError(`--${option} is '${text}'`, "give a number, or unlimited");
}
