/** Threads take compiled code from where their process does. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const file = fileURLToPath(new URL("./worker-environment.ts", import.meta.url));
const script = `
  import { enableCompileCache, getCompileCacheDir } from "node:module";
  import { Worker } from "node:worker_threads";
  const { workerEnvironment } = await import(${JSON.stringify(file)});
  if (process.argv[1]) enableCompileCache(process.argv[1]);
  const code = 'require("node:worker_threads").parentPort.postMessage(require("node:module").getCompileCacheDir() ?? null)';
  new Worker(code, { eval: true, execArgv: [], env: workerEnvironment() }).on("message", (there) =>
    console.log(JSON.stringify({ there, here: getCompileCacheDir() ?? null, kept: process.env.NODE_COMPILE_CACHE ?? null })));
`;

function run(...words: string[]): { there: string | null; here: string | null; kept: string | null } {
  const { NODE_COMPILE_CACHE: _, ...env } = process.env;
  const node = ["--disable-warning=ExperimentalWarning", "--input-type=module", "-e", script, ...words];
  return JSON.parse(execFileSync(process.execPath, node, { env, encoding: "utf8" }));
}

test("a thread has the cache of its process, and nobody else gets to know it", () => {
  const directory = mkdtempSync(join(tmpdir(), "datadb-compiled-"));
  try {
    const { there, here, kept } = run(directory);
    expect(there).toBe(here);
    expect(here).toContain(directory);
    expect(kept).toBeNull();
    expect(run()).toEqual({ there: null, here: null, kept: null });
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});
