/** Tells systemd how far the service is, when it wants to know (Type=notify). Node has no datagram sockets for it. */
import { spawn } from "node:child_process";

/** Does nothing without systemd; what systemd does not take is no reason to fail. */
export function systemdNotify(environment: NodeJS.ProcessEnv, ...words: string[]): void {
  if (!environment["NOTIFY_SOCKET"]) return;
  const child = spawn("systemd-notify", [`--pid=${process.pid}`, ...words], {
    env: environment,
    stdio: "ignore",
  });
  child.on("error", () => undefined);
  child.unref();
}
