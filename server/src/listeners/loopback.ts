/** Beyond loopback nobody gets in without a password. */
import { isIP } from "node:net";
import { UsageError } from "@datadb/protocol";

/** Whether only this machine can reach an address. Names other than `localhost` count as not: what they resolve to can change. */
export function isLoopback(host: string): boolean {
  const bare = host.replace(/^\[|\]$/g, "").toLowerCase();
  if (bare === "localhost" || bare === "::1") return true;
  return isIP(bare) === 4 ? bare.startsWith("127.") : /^::ffff:127\./.test(bare);
}

/** Throws USAGE when the address is beyond loopback and there are no users. */
export function requireUsersBeyondLoopback(
  host: string,
  port: number,
  hasUsers: boolean,
  what: string,
): void {
  if (hasUsers || isLoopback(host)) return;
  throw new UsageError(
    `${what} on ${host}:${port} would be open to everybody who reaches this machine: there are no users`,
    {
      next: 'add users to config.yaml, e.g. users: { backup: { password: "env:DATADB_PASSWORD", right: append } }, or listen on 127.0.0.1',
      fields: { host, port },
    },
  );
}
