// Whoever ends a command or a server while its bucket or vault is away, or never answers, waits for nobody.
import { type ChildProcess, spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "vitest";
import { fillSource, openS3World, type S3World } from "../harness/s3-world.ts";
import { startServer } from "../harness/server-process.ts";
import { waitFor } from "../harness/wait-for.ts";

async function endOf(child: ChildProcess, signal: NodeJS.Signals) {
  const began = performance.now();
  const ended = new Promise<number | null>((r) => child.on("close", (c) => r(c)));
  child.kill(signal);
  const timer = setTimeout(() => child.kill("SIGKILL"), 25_000);
  const code = await ended;
  clearTimeout(timer);
  return { code, ms: Math.round(performance.now() - began) };
}
type Mode = "down" | "hang";
/** requests of this operation are met by the fault */
function fault(s3: S3World, mode: Mode, operation: string) {
  let met = 0;
  s3.server.onRequest(async (op) => {
    if (op !== operation) return;
    met++;
    if (mode === "down") s3.server.setDown(true);
    else await new Promise(() => {});
  });
  return () => met > 0;
}
async function embedded(s3: S3World, words: string[], mode: Mode, operation: string, signal: NodeJS.Signals) {
  const met = fault(s3, mode, operation);
  const child = spawn(s3.world.program, words, { env: s3.world.env, stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  child.stderr.on("data", (d) => (said += d));
  child.stdout.on("data", (d) => (said += d));
  await waitFor("fault", met, 10_000);
  await new Promise((r) => setTimeout(r, 300));
  const result = child.exitCode !== null ? { code: child.exitCode, ms: -1 } : await endOf(child, signal);
  console.log("RESULT", words[0], mode, operation, signal, JSON.stringify(result), said.slice(-300));
  s3.server.setDown(false);
  s3.server.onRequest(null);
  return result;
}
test("probe", async () => {
  const s3 = await openS3World("ends", { retrySeconds: 600, timeout: 600, retryDelay: 200 });
  fillSource(s3, 20);
  await s3.init();
  for (const [mode, sig] of [
    ["down", "SIGINT"],
    ["hang", "SIGTERM"],
    ["down", "SIGTERM"],
  ] as const)
    await embedded(s3, s3.on("snapshot", s3.source), mode, "PutObject", sig);
  await s3.world.summary(s3.on("snapshot", s3.source));
  for (const mode of ["down", "hang"] as const) {
    await embedded(s3, s3.on("ls"), mode, "HeadObject", "SIGTERM").catch((e) =>
      console.log("ls", String(e), s3.server.counts()),
    );
  }
  s3.loseDatabases();
  for (const mode of ["down", "hang"] as const)
    await embedded(s3, s3.on("rebuild"), mode, "ListObjectsV2", "SIGINT").catch((e) =>
      console.log("rebuild", String(e), s3.server.counts()),
    );
  await s3.world.run(s3.on("rebuild"));
  for (const mode of ["down", "hang"] as const)
    await embedded(
      s3,
      s3.on("restore", "photos", join(s3.directory, `out-${mode}`)),
      mode,
      "GetObject",
      "SIGINT",
    ).catch((e) => console.log("restore", String(e), s3.server.counts()));
  for (const mode of ["down", "hang"] as const) {
    const server = await startServer(s3.world, s3.store);
    const met = fault(s3, mode, "PutObject");
    writeFileSync(join(s3.source, "more"), s3.random.bytes(100_000));
    const client = spawn(s3.world.program, ["snapshot", s3.source, "--server", server.url], {
      env: s3.world.env,
    });
    await waitFor("fault", met, 10_000);
    await new Promise((r) => setTimeout(r, 300));
    console.log(
      "RESULT server",
      mode,
      JSON.stringify(await endOf(server.child, "SIGTERM")),
      server.said().slice(-500),
    );
    client.kill("SIGKILL");
    s3.server.setDown(false);
    s3.server.onRequest(null);
    await waitFor("x", () => true);
  }
});
