/** Values of the configuration that stand elsewhere: `env:NAME` in the environment, `file:/path` in a file. */
import { readFileSync } from "node:fs";
import { UsageError } from "@datadb/protocol";

/**
 * The value that a reference names; other values are returned as they are. A file's content is trimmed. `what` names
 * the setting in errors (USAGE); the secret itself never gets into a message.
 */
export function secretValue(value: string, what: string, environment: NodeJS.ProcessEnv): string {
  if (value.startsWith("env:")) {
    const name = value.slice(4);
    const found = environment[name];
    if (found === undefined || found === "")
      throw new UsageError(
        `${what} refers to the environment variable ${name}, which is not set`,
        `set ${name}`,
      );
    return found;
  }
  if (!value.startsWith("file:")) return value;
  const path = value.slice(5);
  try {
    return readFileSync(path, "utf8").trim();
  } catch (cause) {
    throw new UsageError(`${what} refers to the file ${path}, which cannot be read`, {
      next: `make ${path} readable for the scheduler's user`,
      cause,
    });
  }
}
