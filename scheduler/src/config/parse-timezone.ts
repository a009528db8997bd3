/** Parses the name of a time zone. */
import { openCron } from "../schedule/due-times.ts";
import type { YamlValue } from "./yaml-value.ts";

/** The IANA name, as it is written. */
export function parseTimezone(value: YamlValue): string {
  const what = "a time zone such as Europe/Berlin";
  const zone = value.text(what);
  try {
    openCron("* * * * *", new Intl.DateTimeFormat("en", { timeZone: zone }).resolvedOptions().timeZone);
    return zone;
  } catch {
    return value.expected(what);
  }
}
