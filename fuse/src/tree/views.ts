/** What lies above the backups: the root, latest, snapshots and at, and how names lead from one to the next. */
import type { Backup } from "@datadb/client";
import { backupAt, daysOf } from "./backup-at.ts";
import type { BackupCatalogue } from "./backup-catalogue.ts";
import type { Series } from "./series-labels.ts";

/** `path` is unique and says where a view is; a view that means another backup tomorrow then has another path. */
export type View =
  | { kind: "directory"; path: string; place: Place; label?: string }
  | { kind: "backup"; path: string; backup: Backup }
  /** A text beside an incomplete backup, which says what it lacks. */
  | { kind: "notice"; path: string; backup: Backup };

type Place = "root" | "latest" | "snapshots" | "at";

export const ROOT_VIEW: View = { kind: "directory", path: "", place: "root" };

const PLACES: readonly Place[] = ["latest", "snapshots", "at"];
const NOTICE = ".incomplete";

/** A name in a view, and what it leads to. */
export interface ViewEntry {
  name: string;
  view: View;
}

/** All names of a view that is a directory. */
export async function listView(
  view: View,
  catalogue: BackupCatalogue,
  timezone: string,
): Promise<ViewEntry[]> {
  if (view.kind !== "directory") return [];
  const { place, label, path } = view;
  if (place === "root")
    return PLACES.map((name) => ({ name, view: { kind: "directory", path: name, place: name } }));
  const series = await catalogue.series();
  if (place === "latest")
    return [...series.values()].flatMap(({ label: name, backups }) => withNotice(path, name, backups[0]!));
  if (label === undefined) return [...series.keys()].map((name) => ({ name, view: seriesView(place, name) }));
  const { backups } = series.get(label) ?? { backups: [] };
  if (place === "snapshots") return backups.flatMap((backup) => withNotice(path, backup.time, backup));
  return daysOf(backups, timezone).flatMap((day) => withNotice(path, day, backupAt(backups, day, timezone)!));
}

/** What a name in a view leads to; null when there is nothing. */
export async function lookUpView(
  view: View,
  name: string,
  catalogue: BackupCatalogue,
  timezone: string,
): Promise<View | null> {
  if (view.kind !== "directory") return null;
  const { place, label, path } = view;
  if (place === "root") {
    const found = PLACES.find((one) => one === name);
    return found === undefined ? null : { kind: "directory", path: found, place: found };
  }
  const series = await catalogue.series();
  if (label === undefined && place !== "latest") return series.has(name) ? seriesView(place, name) : null;
  const backup = find(series, place, label, name, timezone);
  if (backup !== null) return backupView(path, name, backup);
  if (!name.endsWith(NOTICE)) return null;
  const base = name.slice(0, -NOTICE.length);
  const about = find(series, place, label, base, timezone);
  return about === null || about.complete ? null : noticeView(path, base, about);
}

function find(
  series: ReadonlyMap<string, Series>,
  place: Place,
  label: string | undefined,
  name: string,
  timezone: string,
): Backup | null {
  if (place === "latest") return series.get(name)?.backups[0] ?? null;
  const backups = series.get(label ?? "")?.backups ?? [];
  if (place === "at") return backupAt(backups, name, timezone);
  return backups.find(({ time }) => time === name) ?? null;
}

function seriesView(place: Place, label: string): View {
  return { kind: "directory", path: `${place}/${label}`, place, label };
}

function backupView(path: string, name: string, backup: Backup): View {
  return { kind: "backup", path: `${path}/${name}/${backup.id}`, backup };
}

function noticeView(path: string, name: string, backup: Backup): View {
  return { kind: "notice", path: `${path}/${name}/${backup.id}${NOTICE}`, backup };
}

function withNotice(path: string, name: string, backup: Backup): ViewEntry[] {
  const entry = { name, view: backupView(path, name, backup) };
  if (backup.complete) return [entry];
  return [entry, { name: `${name}${NOTICE}`, view: noticeView(path, name, backup) }];
}

/** What the notice beside an incomplete backup says. */
export function noticeText({ unreadable, unreadableCount, time, name }: Backup): string {
  const more = unreadableCount - unreadable.length;
  return [
    `The backup of ${name} of ${time} is incomplete: ${Math.max(unreadableCount, unreadable.length)} of its entries could not be read.`,
    ...unreadable.map((path) => `  ${path}`),
    ...(more > 0 ? [`  and ${more} more`] : []),
    "",
  ].join("\n");
}
