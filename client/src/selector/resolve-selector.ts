/** Finds the backup that a selector means. */
import { NotFoundError, UsageError } from "@datadb/protocol";
import type { Connection } from "../connection.ts";
import type { Backup } from "../list/backup.ts";
import { listBackups } from "../list/list-backups.ts";
import { encodeName } from "./encode-name.ts";
import { endOfTime } from "./end-of-time.ts";
import type { Selector } from "./selector.ts";
import { localTimezone } from "./zone-offset.ts";

const LISTED = 20;

/**
 * The newest matching backup, at or before the end of the selector's time. An exact name goes before an id.
 *
 * @param now ms since 1970: `latest` and names without time never mean a backup of the future.
 * @param timezone IANA name for times without a zone; that of the process by default.
 * @throws NotFoundError; UsageError with the list when one name means several series.
 * @example
 * const backup = await resolveSelector(connection, parseSelector("web1/app@2026-11-19"));
 */
export async function resolveSelector(
  connection: Connection,
  selector: Selector,
  now: number = Date.now(),
  timezone?: string,
): Promise<Backup> {
  const { subject, time } = selector;
  const all = await listBackups(
    connection,
    subject.kind === "name" && subject.host ? { host: subject.host } : {},
  );
  const candidates = subject.kind === "latest" ? all : named(all, selector);
  if (candidates.length === 0) throw nothing(selector, all);
  // A clock that was set back must not hide the newest backup, so without a time the server's order decides.
  // Zones are asked for only then: loading them takes as long as finding the backup.
  const until =
    time === undefined
      ? Number.POSITIVE_INFINITY
      : Math.min(endOfTime(time, timezone ?? localTimezone()), now + 86_400_000);
  const found = candidates.find((backup) => Date.parse(backup.time) < until);
  if (found !== undefined) return found;
  const oldest = candidates.at(-1)!;
  throw new NotFoundError(`'${selector.text}' is before the oldest backup, which is of ${oldest.time}`, {
    next: `choose a later time; datadb ls ${encodeName(oldest.name)} lists them`,
  });
}

/** Backups with the name, else with the id; of one series only. */
function named(all: readonly Backup[], selector: Selector): Backup[] {
  const { subject } = selector;
  if (subject.kind !== "name") return [];
  const matching = all.filter((backup) => backup.name === subject.name);
  if (matching.length > 0) return refuseSeveral(matching, selector, "name");
  const { id } = subject;
  if (id === undefined) return [];
  const byId = all.filter((backup) => backup.id.startsWith(id));
  if (byId.length > 1) throw ambiguousId(selector, byId);
  if (byId.length === 1) return byId;
  // The id of a series is the way to tell two of the same host and name apart.
  return refuseSeveral(
    all.filter((backup) => backup.snapshot.startsWith(id)),
    selector,
    "id",
  );
}

function refuseSeveral(matching: Backup[], selector: Selector, what: string): Backup[] {
  const series = new Map(matching.toReversed().map((backup) => [backup.snapshot, backup]));
  if (series.size <= 1) return matching;
  const lines = [...series.values()].map(
    ({ host, name, path, snapshot }) =>
      `  ${encodeName(host)}/${encodeName(name)}  ${path}  ${snapshot.slice(0, 12)}`,
  );
  const hosts = new Set(matching.map(({ host }) => host));
  throw new UsageError(
    `the ${what} in '${selector.text}' belongs to ${series.size} series:\n${lines.slice(0, LISTED).join("\n")}`,
    {
      next:
        hosts.size === series.size
          ? "write HOST/NAME"
          : "write the id of a series, the last column, in place of the name",
      fields: { series: [...series.keys()] },
    },
  );
}

function ambiguousId(selector: Selector, matching: readonly Backup[]): UsageError {
  const lines = matching.slice(0, LISTED).map(({ id, time, name }) => `  ${id}  ${time}  ${name}`);
  const message = `the id in '${selector.text}' begins ${matching.length} backups:\n${lines.join("\n")}`;
  return new UsageError(message, { next: "write more digits of the id" });
}

function nothing({ text, subject }: Selector, all: readonly Backup[]): NotFoundError {
  // Of that host alone; others are not asked for.
  if (subject.kind === "name" && subject.host && all.length === 0) {
    const next = `datadb ls shows what there is; a / in a name is written %2F: ${encodeName(`${subject.host}/${subject.name}`)}`;
    return new NotFoundError(`there is no backup '${text}': none is of host '${subject.host}'`, { next });
  }
  if (subject.kind === "latest" || all.length === 0) {
    const message = subject.kind === "latest" ? "there is no backup yet" : `there is no backup '${text}'`;
    return new NotFoundError(message, { next: "take one with datadb snapshot" });
  }
  const names = [...new Set(all.map(({ name }) => encodeName(name)))].slice(0, LISTED);
  return new NotFoundError(`there is no backup '${text}'`, { next: `there are: ${names.join(", ")}` });
}
