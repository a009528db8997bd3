/** Which series a backup belongs to, and what it is called. */
import { hostname } from "node:os";
import { basename, resolve } from "node:path";
import { UsageError } from "@datadb/protocol";
import { postgresIdentity } from "../postgres/backup/postgres-identity.ts";
import { isPostgresSource } from "../postgres/backup/postgres-source.ts";
import type { SnapshotOptions, SnapshotSource, SnapshotSummary } from "./snapshot-options.ts";

export interface Identity {
  host: string;
  path: string;
  name: string;
  source: SnapshotSummary["source"];
  /** Absolute paths of the source; empty for streams. */
  paths: string[];
}

/** Throws USAGE when there is no source or an empty path, or a stream has no name. */
export function identityOf(source: SnapshotSource, options: SnapshotOptions): Identity {
  const host = options.host ?? hostname();
  if (typeof source === "string" || Array.isArray(source)) {
    const given: string[] = typeof source === "string" ? [source] : [...source];
    // The empty path would mean the working directory: most likely a variable in a script was not set.
    if (given.includes(""))
      throw new UsageError("a path to back up is empty", "name a file or directory; . is the current one");
    const paths = [...new Set(given.map((path) => resolve(path)))];
    if (paths.length === 0) throw new UsageError("there is nothing to back up", "name at least one path");
    const name = options.name ?? paths.map((path) => basename(path) || "root").join(",");
    return { host, path: options.path ?? paths.join(":"), name, source: "files", paths };
  }
  if (isPostgresSource(source))
    return { source: "postgres", paths: [], ...postgresIdentity(source, options) };
  const kind = "command" in source ? "command" : "stdin";
  const { name } = options;
  if (name === undefined || name === "") {
    throw new UsageError("a backup of a stream has no name of its own", "give it one: --name NAME");
  }
  return { host, path: options.path ?? `${kind}:${name}`, name, source: kind, paths: [] };
}
