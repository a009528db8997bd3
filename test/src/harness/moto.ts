/** moto, an S3 server that others wrote: what the strict one of the tests says of the protocol is compared with it. */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";
import { freePort } from "./free-port.ts";
import { waitFor } from "./wait-for.ts";

const running = new Set<ChildProcess>();
afterAll(() => {
  for (const child of running) child.kill("SIGKILL");
});

/** The program that test/unpack-moto unpacked, or null. */
export function motoProgram(): string | null {
  const cache =
    process.getuid?.() === 0 ? "/var/cache" : (process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"));
  const program = join(cache, "datadb-test", "moto", "moto");
  return existsSync(program) ? program : null;
}

/** Starts it on a free port, with empty memory, and resolves with its endpoint. It takes any credentials, and ends with the test file. */
export async function startMoto(): Promise<string> {
  const program = motoProgram();
  if (program === null) throw new Error("moto is not unpacked: run test/unpack-moto");
  const port = await freePort();
  running.add(spawn(program, ["-H", "127.0.0.1", "-p", String(port)], { stdio: "ignore" }));
  const endpoint = `http://127.0.0.1:${port}`;
  await waitFor("moto to answer", async () => (await fetch(`${endpoint}/moto-api/`)).ok, 120_000);
  return endpoint;
}
