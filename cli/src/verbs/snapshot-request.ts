/** What is to be backed up and how, read from the arguments of `datadb snapshot`. */
import { readFileSync } from "node:fs";
import { isPostgresUrl, type SnapshotOptions, type SnapshotSource } from "@datadb/client";
import { UsageError } from "@datadb/protocol";
import type { VerbContext } from "../verb.ts";
import { MAX_JOBS } from "./backup-options.ts";
import { databaseRequest, refuseDatabaseOptions } from "./database-request.ts";

export interface SnapshotRequest {
  source: SnapshotSource;
  options: SnapshotOptions;
}

/** Throws UsageError for what does not go together, before any store is opened or made. */
export function snapshotRequest(context: VerbContext): SnapshotRequest {
  const { arguments: args, environment, signal } = context;
  const name = args.text("name");
  const host = args.text("host") ?? (environment["DATADB_HOST"] || undefined);
  const jobs = args.number("jobs", 1, MAX_JOBS);
  return {
    source: readSource(context, name),
    options: {
      ...(name === undefined ? {} : { name }),
      ...(host === undefined ? {} : { host }),
      ...(jobs === undefined ? {} : { jobs }),
      meta: readMeta(args.list("meta"), args.text("meta-json")),
      tags: args.list("tag"),
      exclude: args.list("exclude"),
      excludeFrom: args.list("exclude-from"),
      gitignore: args.flag("gitignore"),
      excludeCaches: args.flag("exclude-caches"),
      oneFileSystem: args.flag("one-file-system"),
      allowEmpty: args.flag("allow-empty"),
      readAll: args.flag("read-all"),
      dryRun: args.flag("dry-run"),
      signal,
    },
  };
}

function readSource(context: VerbContext, name: string | undefined): SnapshotSource {
  const { operands, command } = context.arguments;
  if (operands.some(isPostgresUrl)) return databaseRequest(context);
  refuseDatabaseOptions(context.arguments);
  if (command && name === undefined)
    throw new UsageError("the output of a command needs a name", "add --name NAME");
  if (command) return { command };
  if (!operands.includes("-")) return operands;
  if (operands.length > 1)
    throw new UsageError("- is standard input, and there are other sources", "make a backup of each");
  if (name === undefined) throw new UsageError("standard input needs a name", "add --name NAME");
  if (process.stdin.isTTY)
    throw new UsageError("standard input is a terminal", "pipe something in, as in: tar c . | datadb ...");
  return { stdin: process.stdin };
}

/** KEY=VALUE pairs over the object of --meta-json: what is typed wins over what is in the file. */
export function readMeta(pairs: readonly string[], file: string | undefined): Record<string, unknown> {
  const meta: Record<string, unknown> = file === undefined ? {} : readMetaFile(file);
  for (const pair of pairs) {
    const equals = pair.indexOf("=");
    if (equals <= 0) throw new UsageError(`--meta is ${pair}`, "write --meta KEY=VALUE");
    meta[pair.slice(0, equals)] = pair.slice(equals + 1);
  }
  return meta;
}

function readMetaFile(file: string): Record<string, unknown> {
  let meta: unknown;
  try {
    meta = JSON.parse(readFileSync(file, "utf8"));
  } catch (cause) {
    const next = "give a file with a JSON object";
    throw new UsageError(`--meta-json ${file}: ${(cause as Error).message}`, { next, cause });
  }
  if (typeof meta !== "object" || meta === null || Array.isArray(meta)) {
    throw new UsageError(`--meta-json ${file} holds no JSON object`, 'write for example {"ticket": 4711}');
  }
  return meta as Record<string, unknown>;
}
