/** Which series a backup belongs to, and what it is called. */
import { hostname } from "node:os";
import { basename, resolve } from "node:path";
import { UsageError } from "@datadb/protocol";
import type { SnapshotOptions, SnapshotSource, SnapshotSummary } from "./snapshot-options.ts";

export interface Identity {
  host: string;
  path: string;
  name: string;
  source: SnapshotSummary["source"];
  /** Absolute paths of the source; empty for streams. */
  paths: string[];
}

/** Throws USAGE when there is no source, or a stream has no name. */
export function identityOf(source: SnapshotSource, options: SnapshotOptions): Identity {
  const host = options.host ?? hostname();
  if (typeof source === "string" || Array.isArray(source)) {
    const paths = [
      ...new Set((typeof source === "string" ? [source] : [...source]).map((path) => resolve(path))),
    ];
    if (paths.length === 0) throw new UsageError("there is nothing to back up", "name at least one path");
    const name = options.name ?? paths.map((path) => basename(path) || "root").join(",");
    return { host, path: options.path ?? paths.join(":"), name, source: "files", paths };
  }
  const kind = "command" in source ? "command" : "stdin";
  const { name } = options;
  if (name === undefined || name === "") {
    throw new UsageError("a backup of a stream has no name of its own", "give it one: --name NAME");
  }
  return { host, path: options.path ?? `${kind}:${name}`, name, source: kind, paths: [] };
}
