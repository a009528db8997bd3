/** Durations as they are written for retention: `1y6m`, `2w`, `7d12h`. */
import { UsageError } from "@datadb/protocol";
import type { KeepDuration } from "./keep-rules.ts";

const FORM = /^(?:(\d{1,4})y)?(?:(\d{1,5})m)?(?:(\d{1,5})w)?(?:(\d{1,6})d)?(?:(\d{1,7})h)?$/;
const WEEK_DAYS = 7;

/**
 * Years, months (`m`), weeks, days, hours, in this order, each at most once.
 *
 * @throws UsageError for anything else, and for a duration of nothing.
 * @example
 * parseKeepDuration("1y6m"); // { years: 1, months: 6, days: 0, hours: 0 }
 */
export function parseKeepDuration(text: string): KeepDuration {
  const [years = 0, months = 0, weeks = 0, days = 0, hours = 0] = (FORM.exec(text) ?? [])
    .slice(1)
    .map((digits) => Number(digits ?? 0));
  const duration = { years, months, days: weeks * WEEK_DAYS + days, hours };
  if (Object.values(duration).some((part) => part > 0)) return duration;
  throw new UsageError(
    `'${text}' is no duration`,
    "write years, months, weeks, days, hours: 1y6m, 2w, 7d12h",
  );
}
