/** Gives programs of PostgreSQL the parameters of a connection for which there is no variable of the environment. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Parameters } from "../connect/parameters.ts";

/** Of those that have no variable, the ones that say how to reach the server. */
const KEYWORDS = [
  "sslpassword",
  "keepalives",
  "keepalives_idle",
  "keepalives_interval",
  "keepalives_count",
  "tcp_user_timeout",
];
const SERVICE = "datadb";

/**
 * Runs `work` with an environment that has these parameters too, when there are any: as a service of libpq, in a file that nobody else can read and
 * that is gone afterwards.
 */
export async function withService<T>(
  parameters: Parameters,
  environment: NodeJS.ProcessEnv,
  work: (environment: NodeJS.ProcessEnv) => Promise<T>,
): Promise<T> {
  const lines = KEYWORDS.filter((keyword) => parameters[keyword] !== undefined).map(
    (keyword) => `${keyword}=${parameters[keyword]}`,
  );
  if (lines.length === 0) return await work(environment);
  const directory = mkdtempSync(join(tmpdir(), "datadb-service-"));
  try {
    const file = join(directory, "pg_service.conf");
    writeFileSync(file, `[${SERVICE}]\n${lines.join("\n")}\n`, { mode: 0o600 });
    return await work({ ...environment, PGSERVICE: SERVICE, PGSERVICEFILE: file });
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
