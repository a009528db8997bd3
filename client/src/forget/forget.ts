/** Applies a retention policy to the series of a store. */
import { UsageError } from "@datadb/protocol";
import type { Connection } from "../connection.ts";
import type { Backup } from "../list/backup.ts";
import { listBackups } from "../list/list-backups.ts";
import { zoneOffsetMs } from "../selector/zone-offset.ts";
import { applyKeepRules, type Decision } from "./apply-keep-rules.ts";
import { hasKeepRule, type KeepRules } from "./keep-rules.ts";

/** How a policy is applied. */
export interface ForgetOptions {
  /** The backups that are looked at; always give whole series. All of the store when absent. */
  backups?: readonly Backup[];
  /** The calendar of the periods; the store's time zone when absent. */
  timezone?: string;
}

/** One series and what becomes of its backups. */
export interface SeriesDecision {
  /** Id of the series, hex. */
  readonly snapshot: string;
  readonly host: string;
  readonly name: string;
  readonly path: string;
  /** Newest first. */
  readonly decisions: readonly Decision<Backup>[];
}

/** What a policy would do; `forgetBackups` does it. */
export interface ForgetPlan {
  readonly timezone: string;
  /** In order of host and name. */
  readonly series: readonly SeriesDecision[];
  /** What no rule keeps, oldest first. */
  readonly forgotten: readonly Backup[];
}

/**
 * What the policy would keep and forget. Changes nothing.
 *
 * @throws UsageError without any rule, and for an unknown time zone.
 * @example
 * const plan = await planForget(connection, { daily: 7, weekly: 5 });
 * await forgetBackups(connection, plan.forgotten);
 */
export async function planForget(
  connection: Connection,
  rules: KeepRules,
  options: ForgetOptions = {},
): Promise<ForgetPlan> {
  if (!hasKeepRule(rules))
    throw new UsageError("there is no rule that says what to keep", {
      next: "give one or more: --keep-last 7, --keep-daily 30, --keep-within 1y, --keep-tag release",
    });
  const timezone = checkTimezone(options.timezone ?? (await connection.facts()).timezone);
  const all = options.backups ?? (await listBackups(connection));
  const groups = new Map<string, Backup[]>();
  for (const backup of all) {
    const group = groups.get(backup.snapshot);
    if (group === undefined) groups.set(backup.snapshot, [backup]);
    else group.push(backup);
  }
  const series = [...groups].map(([snapshot, backups]): SeriesDecision => {
    const { host, name, path } = backups[0]!;
    return { snapshot, host, name, path, decisions: applyKeepRules(backups, rules, timezone) };
  });
  series.sort((a, b) => compare(a.host, b.host) || compare(a.name, b.name) || compare(a.path, b.path));
  const forgotten = series
    .flatMap(({ decisions }) =>
      decisions.flatMap(({ backup, reasons }) => (reasons.length === 0 ? backup : [])),
    )
    .sort((a, b) => compare(a.time, b.time));
  return { timezone, series, forgotten };
}

/**
 * Removes backups from their series, all at once or none. Needs the right admin; content that nothing uses any more is returned by garbage
 * collection. Backups that are gone already are no error.
 *
 * @returns how many were there.
 */
export async function forgetBackups(
  connection: Connection,
  backups: readonly { id: string }[],
): Promise<number> {
  if (backups.length === 0) return 0;
  await connection.call("TXINIT");
  try {
    const answers = await Promise.all(backups.map(({ id }) => connection.call("FORGET", id)));
    await connection.call("TXCOMMIT");
    return answers.filter((answer) => Number(answer) === 1).length;
  } catch (error) {
    await connection.call("TXDISCARD").catch(() => {});
    throw error;
  }
}

function checkTimezone(timezone: string): string {
  try {
    zoneOffsetMs(0, timezone);
    return timezone;
  } catch (cause) {
    throw new UsageError(`'${timezone}' is no time zone`, {
      cause,
      next: "give an IANA name, e.g. Europe/Berlin",
    });
  }
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
