/** What is to be backed up and how, read from the arguments of `datadb snapshot`. */
import { readFileSync } from "node:fs";
import { hostname } from "node:os";
import { basename, resolve } from "node:path";
import { UsageError } from "@datadb/protocol";
import type { VerbContext } from "../verb.ts";
import { MAX_JOBS } from "./backup-options.ts";

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
    throw new UsageError(`--meta-json ${file}: ${(cause as Error).message}`, { next: "give a file with a JSON object", cause });
  }
  if (typeof meta !== "object" || meta === null || Array.isArray(meta)) {
    throw new UsageError(`--meta-json ${file} holds no JSON object`, 'write for example {"ticket": 4711}');
  }
  return meta as Record<string, unknown>;
}
