/** The retention policy: which backups of one series are kept, and why. Pure. */
import { zoneOffsetMs } from "../selector/zone-offset.ts";
import type { KeepCount, KeepDuration, KeepRules } from "./keep-rules.ts";
import { instantOf, type Period, periodOf } from "./period-of.ts";

/** What the policy looks at; `Backup` has it all. */
export interface Retainable {
  /** RFC 3339, the server's. */
  readonly time: string;
  readonly complete: boolean;
  /** What a check found to be lost of it. */
  readonly lost: readonly string[];
  readonly pinned: boolean;
  readonly tags: readonly string[];
}

/** One backup and what becomes of it. */
export interface Decision<B extends Retainable> {
  readonly backup: B;
  /** Why it is kept, e.g. `last`, `daily`, `oldest monthly`, `pinned`; empty: it is to be forgotten. */
  readonly reasons: readonly string[];
}

const PERIODS: readonly Period[] = ["hourly", "daily", "weekly", "monthly", "yearly"];

/**
 * Decides for all backups of one series, in any order; answers newest first. Every rule keeps by itself, and what several keep
 * has several reasons.
 *
 * - A period keeps its newest backup, and if that is incomplete or damaged its newest complete one that is not damaged as well.
 * - While a rule has periods left at the oldest backup, that one is kept too (`oldest daily`): history grows from the first day on.
 * - Pinned backups and the newest complete one are always kept; when none is complete, the newest. So is the newest complete one
 *   that is not damaged: what lacks something pushes nothing out that restores.
 *
 * @param timezone IANA name: the calendar that periods are counted in.
 * @example
 * const gone = applyKeepRules(backups, { daily: 7, monthly: 12 }, "Europe/Berlin").filter(({ reasons }) => reasons.length === 0);
 */
export function applyKeepRules<B extends Retainable>(
  backups: readonly B[],
  rules: KeepRules,
  timezone: string,
): Decision<B>[] {
  const series = backups
    .map((backup) => ({ backup, at: Date.parse(backup.time), reasons: [] as string[] }))
    .sort((a, b) => b.at - a.at);
  const complete = series.find(({ backup }) => backup.complete);
  (complete ?? series[0])?.reasons.push(complete === undefined ? "newest" : "newest complete");
  const intact = series.find(({ backup }) => isIntact(backup));
  if (intact !== complete) intact?.reasons.push("newest intact");
  for (const { backup, reasons } of series) if (backup.pinned) reasons.push("pinned");
  keepPeriods(series, "last", rules.last, (_, index) => `${index}`);
  for (const period of PERIODS)
    keepPeriods(series, period, rules[period], ({ at }) => periodOf(period, at, timezone));
  keepWithin(series, rules.within, timezone);
  for (const { backup, reasons } of series) {
    const tagged = rules.tags?.find((list) => list.every((tag) => backup.tags.includes(tag)));
    if (tagged !== undefined) reasons.push(`tag ${tagged.join(",")}`);
  }
  return series.map(({ backup, reasons }) => ({ backup, reasons }));
}

/** Restores whole, as far as is known. */
export function isIntact({ complete, lost }: Pick<Retainable, "complete" | "lost">): boolean {
  return complete && lost.length === 0;
}

interface Candidate {
  readonly backup: Retainable;
  readonly at: number;
  readonly reasons: string[];
}

/** Newest first; `nameOf` names the period of each. */
function keepPeriods(
  series: readonly Candidate[],
  rule: keyof KeepRules,
  count: KeepCount | undefined,
  nameOf: (candidate: Candidate, index: number) => string,
): void {
  let left = count === "unlimited" ? Number.POSITIVE_INFINITY : (count ?? 0);
  let current: string | undefined;
  let wantsIntact = false;
  for (const [index, candidate] of series.entries()) {
    const name = nameOf(candidate, index);
    if (name !== current) {
      if (left <= 0) return;
      left -= 1;
      current = name;
      wantsIntact = !isIntact(candidate.backup);
      candidate.reasons.push(rule);
    } else if (wantsIntact && isIntact(candidate.backup)) {
      wantsIntact = false;
      candidate.reasons.push(`${rule} complete`);
    } else if (index === series.length - 1 && left > 0) {
      candidate.reasons.push(`oldest ${rule}`);
    }
  }
}

function keepWithin(series: readonly Candidate[], within: KeepDuration | undefined, timezone: string): void {
  const newest = series[0];
  if (within === undefined || newest === undefined) return;
  const { years, months, days, hours } = within;
  if (years + months + days + hours === 0) return;
  // Months and days are counted on the calendar, where a day may have 23 hours.
  const wall = new Date(newest.at + zoneOffsetMs(newest.at, timezone));
  wall.setUTCFullYear(wall.getUTCFullYear() - years, wall.getUTCMonth() - months, wall.getUTCDate() - days);
  const since = instantOf(wall.getTime(), timezone) - hours * 3_600_000;
  for (const { at, reasons } of series) if (at > since) reasons.push("within");
}
