/** A composition of backends moved to places of its own, where nothing is and nothing of it is left. */
import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { rm, rmdir } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import type { BackendConfig } from "../backend-options.ts";

export interface FreshPlace {
  readonly config: BackendConfig;
  /** Removes its directories. What is not in directories its backends have removed themselves. */
  remove(): Promise<void>;
}

/** Options that name a directory, with what they are when absent. */
const DIRECTORIES: Readonly<Record<string, string>> = { blobsfile: "blobs", cache: "cache" };

/** `base`: where relative paths begin. Directories are made below those of the configuration, on the same disk. */
export function freshPlace(config: BackendConfig, base: string): FreshPlace {
  const mark = `datadb-test-${randomBytes(6).toString("hex")}`;
  const made: { path: string; parent: string | null }[] = [];
  let serial = 0;
  const options = (type: string, given: Record<string, unknown>): Record<string, unknown> => {
    serial += 1;
    const fallback = DIRECTORIES[type];
    if (fallback !== undefined) {
      const path = join(resolve(base, String(given["path"] ?? fallback)), `${mark}-${serial}`);
      made.push({ path, parent: existsSync(dirname(path)) ? null : dirname(path) });
      return { ...given, path };
    }
    if (type === "s3") return { ...given, prefix: `${given["prefix"] ?? ""}${mark}-${serial}/` };
    if (type === "remote") return { ...given, namespace: randomBytes(16).toString("hex") };
    return given;
  };
  const moved = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(moved);
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(
      Object.entries(value).map(([key, one]) => {
        const inner = moved(one ?? (key in DIRECTORIES ? {} : one));
        const plain = typeof inner === "object" && inner !== null && !Array.isArray(inner);
        return [key, plain ? options(key, inner as Record<string, unknown>) : inner];
      }),
    );
  };
  return {
    config: moved(config) as BackendConfig,
    async remove() {
      for (const { path, parent } of made) {
        await rm(path, { recursive: true, force: true });
        // It was made with it; what came into it meanwhile keeps it.
        if (parent !== null) await rmdir(parent).catch(() => undefined);
      }
    },
  };
}
