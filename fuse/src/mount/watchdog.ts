/** A process that outlives this one: it takes the mount away when this one dies without having done so. */
import { spawn } from "node:child_process";
import { unmountCommand } from "./unmount.ts";

export interface Watchdog {
  /** The mount is gone: nothing is left to do. */
  dismiss(): void;
}

/**
 * A shell that waits for a line from us. The end of the pipe without one means that we are dead; what was asked of us has failed
 * by then, since the kernel ends a file system whose device is closed. It may take until the last thread of a killed process is gone,
 * hence the few tries.
 */
const SCRIPT = `trap '' INT TERM HUP
if read -r line && [ "$line" = done ]; then exit 0; fi
for try in 1 2 3 4 5; do
  "$@" && exit 0
  sleep 0.2
done`;

export function startWatchdog(directory: string): Watchdog {
  const [program, words] = unmountCommand(directory, true);
  const child = spawn("/bin/sh", ["-c", SCRIPT, "datadb-mount-watchdog", program, ...words], {
    cwd: "/",
    detached: true,
    stdio: ["pipe", "ignore", "ignore"],
  });
  child.on("error", () => undefined);
  child.stdin.on("error", () => undefined);
  child.unref();
  (child.stdin as unknown as { unref(): void }).unref();
  return { dismiss: () => void child.stdin.end("done\n") };
}
