/** Takes what a store has lost of databases from those that still live. */
import { hostname } from "node:os";
import { DatadbError } from "@datadb/protocol";
import type { Backup } from "../list/backup.ts";
import { postgresIdentity } from "../postgres/backup/postgres-identity.ts";
import type { PostgresSource } from "../postgres/backup/postgres-source.ts";
import { snapshot } from "../snapshot/snapshot.ts";
import type { Healer } from "./repair.ts";

type Selected = Pick<PostgresSource, "tables" | "excludeTables" | "where" | "schemaOnly" | "dataOnly">;

function selectionIn(query: string): Selected {
  const tables: string[] = [];
  const excludeTables: string[] = [];
  const where: Record<string, string> = {};
  const flags: { schemaOnly?: boolean; dataOnly?: boolean } = {};
  for (const pair of query === "" ? [] : query.split("&")) {
    const [key = "", encoded = ""] = pair.split("=");
    const value = decodeURIComponent(encoded);
    if (key === "table") tables.push(value);
    if (key === "exclude-table") excludeTables.push(value);
    if (key === "schema-only") flags.schemaOnly = true;
    if (key === "data-only") flags.dataOnly = true;
    // A quoted name may hold = itself.
    const [, pattern, sql] = /^((?:"(?:[^"]|"")*"|[^="])+)=(.*)$/s.exec(value) ?? [];
    if (key === "where" && pattern !== undefined) where[pattern] = sql!;
  }
  return { tables, excludeTables, where, ...flags };
}

/** The database that a backup is of, as `environment` leads to it; null when it leads elsewhere, or the path is the user's own. */
function databaseOf(
  { path, host }: Backup,
  here: string,
  environment: NodeJS.ProcessEnv,
): PostgresSource | null {
  const [, place, query = ""] = /^(postgres:\/\/[^?]*)(?:\?(.*))?$/s.exec(path) ?? [];
  if (place === undefined) return null;
  try {
    const source = { postgres: place, environment, ...selectionIn(query) };
    const found = postgresIdentity(source, {});
    // The path says where a server is, unless it is on the same machine as what made the backup.
    const reachable = found.host !== hostname() || host === here;
    return reachable && found.path === path ? source : null;
  } catch (error) {
    if (error instanceof DatadbError || error instanceof URIError) return null;
    throw error;
  }
}

/**
 * PostgreSQL databases, where their backups say that they are. Each is read whole, in the order in which it was backed up: rows that have not
 * changed make the chunks that were lost. `host`: what backups of this machine's databases have as host. User and password come from `environment`, by libpq's rules.
 */
export function liveTables(host: string = hostname(), environment: NodeJS.ProcessEnv = process.env): Healer {
  return {
    description: "live tables",
    async heal(connection, lost, signal) {
      const series = new Map<string, Backup>();
      for (const { backup } of lost) if (backup.source === "postgres") series.set(backup.snapshot, backup);
      const failures: unknown[] = [];
      for (const backup of series.values()) {
        const source = databaseOf(backup, host, environment);
        if (source === null) continue;
        const { host: of, path, name } = backup;
        const options = { host: of, path, name, heal: true, allowEmpty: true, ...(signal ? { signal } : {}) };
        // One that is away keeps no other from being asked.
        await snapshot(connection, source, options).catch((error: unknown) => failures.push(error));
        signal?.throwIfAborted();
      }
      if (failures.length > 0) throw failures[0];
    },
  };
}
