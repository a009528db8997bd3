/** Tries the contract of backends on what a text configures. */
import { readFile } from "node:fs/promises";
import { dirname } from "node:path";
import { type BackendConfig, type Trial, tryContract } from "@datadb/backends";
import { UsageError } from "@datadb/protocol";
import { resolveStrings } from "./open-backends.ts";
import { parseConfig } from "./parse-config.ts";
import { STORE_FORMAT } from "./store-config.ts";

const NOBODY = { format: STORE_FORMAT, id: "00000000000000000000000000000000", hash: "sha256" } as const;

export interface TryOptions {
  signal?: AbortSignal;
  warn?: (message: string) => void;
}

/** `{ blobsfile: ... }` stands for `blobs: { blobsfile: ... }`. */
function asConfiguration(text: string): string {
  if (/^blobs:/m.test(text)) return text;
  return `blobs:\n${text
    .split("\n")
    .map((line) => `  ${line}`)
    .join("\n")}`;
}

async function readText(given: string): Promise<{ text: string; path: string; directory: string }> {
  if (given.trimStart().startsWith("{"))
    return { text: given, path: "the given configuration", directory: process.cwd() };
  try {
    return { text: await readFile(given, "utf8"), path: given, directory: dirname(given) };
  } catch (cause) {
    throw new UsageError(`${given} cannot be read: ${(cause as Error).message}`, {
      cause,
      next: "give a config.yaml, or a backend such as '{ blobsfile: { path: /mnt/disk } }'",
    });
  }
}

/**
 * `given`: the path of a config.yaml, or a backend as YAML or JSON in braces. Nothing that is there is touched: each rule is
 * tried in a place of its own. Throws USAGE, and what opening a backend throws.
 */
export async function* tryBackend(given: string, options: TryOptions = {}): AsyncGenerator<Trial> {
  const { text, path, directory } = await readText(given);
  const { blobs } = parseConfig(asConfiguration(text), path, NOBODY);
  yield* tryContract(resolveStrings(blobs, "blobs") as BackendConfig, { directory, ...options });
}
