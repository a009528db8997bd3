/** Parses what a job keeps: the rules of `datadb forget`. */
import { hasKeepRule, type KeepCount, type KeepRules, parseKeepDuration } from "@datadb/client";
import type { Keep } from "./scheduler-config.ts";
import type { YamlValue } from "./yaml-value.ts";

const COUNTS = ["last", "hourly", "daily", "weekly", "monthly", "yearly"] as const;
const FORM = `how many backups to keep, such as 30, or a section with ${COUNTS.join(", ")}, within or tags`;
const MAX_COUNT = 1_000_000;

/** A number means the last so many. `timezone`: whose calendar days and months are counted in. */
export function parseKeep(value: YamlValue, timezone: string): Keep {
  if (typeof value.plain === "number") return { rules: { last: value.number(1, MAX_COUNT) }, timezone };
  const section = value.section([...COUNTS, "within", "tags"], FORM);
  const rules: KeepRules = {};
  for (const name of COUNTS) {
    const count = section.get(name);
    if (count) rules[name] = countOf(count);
  }
  const within = section.get("within");
  if (within) {
    const text = within.text("a duration such as 1y6m, 2w or 7d12h");
    try {
      rules.within = parseKeepDuration(text);
    } catch {
      within.expected("a duration such as 1y6m, 2w or 7d12h");
    }
  }
  const tags = section.get("tags");
  if (tags) rules.tags = tagsOf(tags);
  return hasKeepRule(rules) ? { rules, timezone } : value.expected(FORM);
}

function countOf(value: YamlValue): KeepCount {
  return value.plain === "unlimited" ? "unlimited" : value.number(0, MAX_COUNT);
}

/** `tags: release`, or a list; several with commas belong together. */
function tagsOf(value: YamlValue): string[][] {
  const list = Array.isArray(value.plain) ? value.list("tags") : [value];
  return list.map((one) => {
    const tags = one.text("a tag, or several with commas").split(",");
    return tags.includes("") ? one.expected("a tag, or several with commas") : tags;
  });
}
