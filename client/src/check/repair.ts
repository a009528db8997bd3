/** Mends a store: what it cannot mend by itself comes from where it was backed up from, and what is lost for good is noted. */
import { existsSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { DatadbError } from "@datadb/protocol";
import type { Connection } from "../connection.ts";
import type { Backup } from "../list/backup.ts";
import { listBackups } from "../list/list-backups.ts";
import { snapshot } from "../snapshot/snapshot.ts";
import { type CheckOptions, type CheckResult, check, type Finding } from "./check.ts";
import { liveTables } from "./live-tables.ts";

/** Somewhere that may still have what a store has lost. */
export interface Healer {
  /** What it does, for messages. */
  readonly description: string;
  /** Puts what it has of these backups' lost places into the store. Errors are told, and end nothing else. */
  heal(connection: Connection, lost: readonly LostPlaces[], signal: AbortSignal | undefined): Promise<void>;
}

/** A backup and the paths that it lacks. */
export interface LostPlaces {
  backup: Backup;
  paths: string[];
}

export interface RepairOptions extends CheckOptions {
  /** The host whose files are here; this machine's name when absent. */
  host?: string;
  /** What leads to live databases, by libpq's rules; the process's own when absent. */
  environment?: NodeJS.ProcessEnv;
  /** Where to look; local files and live tables when absent. */
  healers?: readonly Healer[];
  /** Something a person should know. */
  onNote?: (text: string) => void;
}

export interface RepairResult extends CheckResult {
  /** Findings that healers have mended. */
  healed: number;
  /** Backups that are marked as damaged now, and what they lack. */
  lost: LostPlaces[];
}

/** Each backup once, with all its lost paths. */
function gather(findings: readonly Finding[], backups: ReadonlyMap<string, Backup>): LostPlaces[] {
  const paths = new Map<string, Set<string>>();
  for (const { affected = [] } of findings) {
    for (const { backup, paths: some } of affected) {
      const known = paths.get(backup) ?? new Set();
      for (const path of some) known.add(path);
      paths.set(backup, known);
    }
  }
  return [...paths].flatMap(([id, some]) => {
    const backup = backups.get(id);
    return backup === undefined ? [] : [{ backup, paths: [...some].sort() }];
  });
}

/** Files and directories of this machine, where they were when they were backed up. */
export function localFiles(host: string = hostname()): Healer {
  return {
    description: "local files",
    async heal(connection, lost, signal) {
      const sources = new Set<string>();
      for (const { backup, paths } of lost) {
        if (backup.host !== host || backup.source !== "files") continue;
        const roots = backup.path.split(":");
        // Below several roots paths begin with names that say little of where they were: all are read.
        const wanted = roots.length > 1 ? roots : paths.map((path) => below(backup.path, path));
        for (const path of wanted) if (existsSync(path)) sources.add(path);
      }
      const least = [...sources].filter(
        (path) => ![...sources].some((other) => other !== path && path.startsWith(`${other}/`)),
      );
      for (const source of least)
        await snapshot(connection, source, { heal: true, allowEmpty: true, ...(signal ? { signal } : {}) });
    },
  };
}

/** A scan cache is part of no path: it comes again with the next backup. */
function below(root: string, path: string): string {
  return path === "/" || !path.startsWith("/") ? root : join(root, path);
}

async function healAll(
  connection: Connection,
  lost: readonly LostPlaces[],
  options: RepairOptions,
): Promise<void> {
  for (const healer of options.healers ?? [
    localFiles(options.host),
    liveTables(options.host, options.environment),
  ]) {
    try {
      await healer.heal(connection, lost, options.signal);
    } catch (error) {
      options.signal?.throwIfAborted();
      if (!(error instanceof DatadbError)) throw error;
      options.onNote?.(`${healer.description}: ${error.message}`);
    }
  }
}

/** Backups get the note of what they lack, and lose it when they lack nothing any more. */
async function markAll(
  connection: Connection,
  backups: Iterable<Backup>,
  lost: readonly LostPlaces[],
): Promise<void> {
  const lacks = new Map(lost.map(({ backup, paths }) => [backup.id, paths]));
  for (const backup of backups) {
    const paths = lacks.get(backup.id) ?? [];
    if (JSON.stringify(paths) !== JSON.stringify(backup.lost))
      await connection.call("MARK", backup.id, JSON.stringify(paths));
  }
}

/**
 * Checks, mends what can be mended, and marks the backups that lack something for good. Needs the right admin. Nothing is deleted:
 * the bytes of damaged records are kept beside the packs. A finding `keyspace` or `index` stays: `datadb rebuild` mends it, and then the rest can be.
 *
 * @example
 * const { count, healed, lost } = await repair(connection, { readData: 100 });
 */
export async function repair(connection: Connection, options: RepairOptions = {}): Promise<RepairResult> {
  const first = await check(connection, { ...options, repair: true });
  // Of databases that are wrong nothing else can be said: they are to be made anew first.
  if (first.findings.some(({ what }) => what === "keyspace" || what === "index"))
    return { ...first, healed: 0, lost: [] };
  const backups = new Map((await listBackups(connection)).map((backup) => [backup.id, backup]));
  const missing = gather(first.findings, backups);
  if (missing.length > 0) await healAll(connection, missing, options);
  // What was damaged counts as absent by now: finding what is still missing needs no content.
  const { readData: _readData, ...structure } = options;
  const second = missing.length > 0 ? await check(connection, { ...structure, repair: true }) : first;
  const lost = gather(second.findings, backups);
  await markAll(connection, backups.values(), lost);
  return {
    ...first,
    findings: second.findings,
    count: second.count,
    // What only shows when damaged records count as absent is told as well.
    notes: [...new Set([...first.notes, ...second.notes])],
    mended: first.mended,
    healed: first.count - second.count,
    lost,
  };
}
