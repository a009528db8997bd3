/** Configuration values that stand elsewhere: `env:NAME` in the environment, `file:/path` in a file. */
import { readFileSync } from "node:fs";
import { UsageError } from "@datadb/protocol";

/** Whether a value says where a secret is, instead of being one. */
export function isReference(value: string): boolean {
  return value.startsWith("env:") || value.startsWith("file:");
}

/**
 * The value that a reference names; other values are returned as they are. A file's content is trimmed. `what` names the
 * setting in errors (USAGE); the secret itself never gets into a message.
 */
export function resolveValue(
  value: string,
  what: string,
  environment: NodeJS.ProcessEnv = process.env,
): string {
  if (value.startsWith("env:")) {
    const name = value.slice(4);
    const found = environment[name];
    if (found === undefined || found === "") {
      throw new UsageError(
        `${what} refers to the environment variable ${name}, which is not set`,
        `set ${name}, or change ${what} in config.yaml`,
      );
    }
    return found;
  }
  if (!value.startsWith("file:")) return value;
  const path = value.slice(5);
  try {
    return readFileSync(path, "utf8").trim();
  } catch (cause) {
    throw new UsageError(`${what} refers to the file ${path}, which cannot be read`, {
      next: `make ${path} readable for the server's user, or change ${what} in config.yaml`,
      cause,
    });
  }
}
