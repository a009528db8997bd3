/** Connection services: groups of parameters under a name, in PGSERVICEFILE, ~/.pg_service.conf or the system's file. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { UsageError } from "@datadb/protocol";
import { isParameter, type Parameters } from "./parameters.ts";

/** Where Debian's libpq looks when PGSYSCONFDIR is not set. */
const SYSTEM_DIRECTORY = "/etc/postgresql-common";

/** The parameters of a service. Throws USAGE when there is none of that name, or its file does not parse. */
export function readService(name: string, environment: NodeJS.ProcessEnv, home: string): Parameters {
  const files = [
    environment["PGSERVICEFILE"] || join(home, ".pg_service.conf"),
    join(environment["PGSYSCONFDIR"] || SYSTEM_DIRECTORY, "pg_service.conf"),
  ];
  for (const file of files) {
    const text = readIfThere(file);
    const found = text === null ? null : parseService(text, name, file);
    if (found !== null) return found;
  }
  throw new UsageError(`there is no connection service '${name}'`, `define it in ${files.join(" or ")}`);
}

function readIfThere(file: string): string | null {
  try {
    return readFileSync(file, "utf8");
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw new UsageError(`${file} cannot be read: ${(cause as Error).message}`, { cause });
  }
}

/** The section `[name]` of a service file, or null. */
export function parseService(text: string, name: string, file: string): Parameters | null {
  let found: Record<string, string> | null = null;
  for (const [index, raw] of text.split(/\r?\n/).entries()) {
    const line = raw.trim();
    if (line === "" || line.startsWith("#")) continue;
    if (line.startsWith("[")) {
      if (found !== null) return found;
      if (line === `[${name}]`) found = {};
      continue;
    }
    if (found === null) continue;
    const equals = line.indexOf("=");
    const keyword = line.slice(0, Math.max(0, equals)).trim();
    if (equals < 0 || !isParameter(keyword) || keyword === "service")
      throw new UsageError(
        `line ${index + 1} of ${file} sets no parameter of a connection`,
        "write host=db.example.org",
      );
    found[keyword] ??= line.slice(equals + 1).trim();
  }
  return found;
}
