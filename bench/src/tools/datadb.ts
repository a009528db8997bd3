/** datadb as a user starts it. */
import { execFileSync } from "node:child_process";
import { readdirSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import type { Tool } from "./tool.ts";

/** The command of this workspace: `npm run` puts node_modules/.bin first in PATH. */
const PROGRAM = "datadb";

export function datadb(): Tool {
  return {
    name: "datadb",
    version: execFileSync(PROGRAM, ["--version"], { encoding: "utf8" }).trim(),
    repository: (path) => {
      const env = worldOf(path);
      return {
        init: { program: PROGRAM, words: ["init", "--store", path], env },
        backup: (source) => ({ program: PROGRAM, words: ["snapshot", "--store", path, source], env }),
        restore: (source, target) => ({
          program: PROGRAM,
          words: ["restore", "--store", path, basename(source), target],
          env,
        }),
        forgetOlder: (older) => [
          { program: PROGRAM, words: ["rm", "--yes", "--store", path, basename(older)], env },
          { program: PROGRAM, words: ["gc", "--store", path], env },
        ],
        restored: (_source, target) => target,
      };
    },
  };
}

/** What the command remembers about stores stays beside the store. */
function worldOf(store: string): NodeJS.ProcessEnv {
  return { XDG_STATE_HOME: join(store, "..", "state"), DATADB_HOST: "bench" };
}

/** Bytes of the store's packs of nodes and of the log: what is written beside the content. */
export function metadataBytes(store: string): number {
  const blobs = join(store, "blobs");
  return readdirSync(blobs)
    .filter((name) => /^(nodes|log)-/.test(name))
    .reduce((sum, name) => sum + statSync(join(blobs, name)).size, 0);
}

/** How many chunks the store holds. */
export function chunkCount(store: string): number {
  return storeFigures(store).dataRecords;
}

/** What `datadb stats` says of the content, by kind. */
interface StoreFigures {
  dataRecords: number;
  dataStoredBytes: number;
  nodeStoredBytes: number;
}

export function storeFigures(store: string): StoreFigures {
  const printed = execFileSync(PROGRAM, ["stats", "--store", store, "--json"], {
    encoding: "utf8",
    env: { ...process.env, ...worldOf(store) },
  });
  return JSON.parse(printed.trim().split("\n").at(-1) as string) as StoreFigures;
}
