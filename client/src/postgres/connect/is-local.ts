/** Whether a server runs on this machine. */
import { isIP } from "node:net";
import type { PostgresTarget } from "./target.ts";

/** Of a target with one host, as a session has it. */
export function isLocal({ hosts }: Pick<PostgresTarget, "hosts">): boolean {
  const { host, address } = hosts[0]!;
  const where = address ?? host;
  if (where.startsWith("/") || where === "localhost") return true;
  return isIP(where) !== 0 && (where.startsWith("127.") || where === "::1");
}
