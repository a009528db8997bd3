/** What a retention policy asks for. */

/** How far back `within` reaches: calendar units in the time zone that counts, hours as they pass. */
export interface KeepDuration {
  years: number;
  months: number;
  days: number;
  hours: number;
}

/** A number of backups or periods, or all of them. */
export type KeepCount = number | "unlimited";

/**
 * Which backups of a series are kept; what no rule keeps is forgotten. Absent or 0 means that there is no such rule. Periods without
 * a backup do not count.
 */
export interface KeepRules {
  /** The newest so many. */
  last?: KeepCount;
  /** The newest of each of the newest so many hours, days, ISO weeks, months, years that have a backup. */
  hourly?: KeepCount;
  daily?: KeepCount;
  weekly?: KeepCount;
  monthly?: KeepCount;
  yearly?: KeepCount;
  /** All that are less old than this, counted from the newest backup of the series. */
  within?: KeepDuration;
  /** All that have every tag of one of these lists. */
  tags?: readonly (readonly string[])[];
}

/** Whether there is any rule. Without one nothing may be forgotten: everything would be. */
export function hasKeepRule(rules: KeepRules): boolean {
  const { last, hourly, daily, weekly, monthly, yearly, within, tags = [] } = rules;
  const counts = [last, hourly, daily, weekly, monthly, yearly];
  if (counts.some((count) => count !== undefined && count !== 0)) return true;
  return tags.length > 0 || (within !== undefined && Object.values(within).some((part) => part > 0));
}
