/** Finds the password for a server without it ever being in a command line. */
import fs from "node:fs";
import { UsageError } from "@datadb/protocol";

/** Resolves `env:NAME` and `file:/path`; falls back to DATADB_PASSWORD and DATADB_PASSWORD_FILE. */
export function findPassword(
  configured: string | undefined,
  env: NodeJS.ProcessEnv = process.env,
): string | undefined {
  if (configured === undefined) {
    const file = env["DATADB_PASSWORD_FILE"];
    return env["DATADB_PASSWORD"] ?? (file === undefined ? undefined : firstLine(file));
  }
  if (configured.startsWith("file:")) return firstLine(configured.slice(5));
  if (!configured.startsWith("env:")) return configured;
  const value = env[configured.slice(4)];
  if (value === undefined) throw new UsageError(`the environment variable ${configured.slice(4)} is not set`);
  return value;
}

function firstLine(path: string): string {
  try {
    return fs.readFileSync(path, "utf8").split(/\r?\n/, 1)[0]!;
  } catch (error) {
    throw new UsageError(`the password file ${path} cannot be read: ${(error as Error).message}`, {
      cause: error,
    });
  }
}
