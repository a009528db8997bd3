/** Starts datadb mount once more in the background, and waits until it has mounted. */
import { spawn } from "node:child_process";
import { mkdirSync, openSync, readFileSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { MountFailedError } from "@datadb/protocol";
import { EXIT } from "../exit-code.ts";
import { printable } from "../output/printable.ts";
import { xdgDirectory } from "../store/xdg-directory.ts";
import type { VerbContext } from "../verb.ts";

/** Resolves with the exit code as soon as the directory can be used. Throws MOUNT_FAILED with what the other process said. */
export async function startDaemon({ arguments: args, output, environment }: VerbContext): Promise<number> {
  const log = resolve(
    args.text("log") ??
      join(xdgDirectory("XDG_STATE_HOME", ".local/state", environment), "datadb", "mount.log"),
  );
  mkdirSync(dirname(log), { recursive: true, mode: 0o700 });
  const fd = openSync(log, "a", 0o600);
  const begin = statSync(log).size;
  const words = process.argv.slice(2).filter((word) => word !== "--daemon");
  const child = spawn(process.execPath, [...process.execArgv, process.argv[1]!, ...words, "--in-daemon"], {
    detached: true,
    stdio: ["ignore", fd, fd, "ipc"],
    env: environment,
  });
  const mounted = await new Promise<string | null>((done) => {
    child.once("message", (message: { directory: string }) => done(message.directory));
    child.once("exit", () => done(null));
    child.once("error", () => done(null));
  });
  if (mounted === null) {
    const said = readFileSync(log).subarray(begin).toString().trim();
    throw new MountFailedError(`the process in the background ended: ${said}`, { next: `see ${log}` });
  }
  child.disconnect();
  child.unref();
  output.note(
    `mounted on ${printable(mounted)}; umount ${printable(mounted)} ends it (process ${child.pid})`,
  );
  output.record({ type: "summary", directory: mounted, pid: child.pid, log });
  return EXIT.done;
}
