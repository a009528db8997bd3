/** The password file (~/.pgpass): which password belongs to a host, port, database and user. */
import { readFileSync, statSync } from "node:fs";

/** Whom a password is for. `host` is `localhost` for the default socket. */
export interface PasswordFor {
  host: string;
  port: string;
  database: string;
  user: string;
}

/** The first password that fits, or null. `warn` is told of a file that others can read: it is not used then, as libpq has it. */
export function passwordFromFile(
  file: string,
  wanted: PasswordFor,
  warn: (text: string) => void,
): string | null {
  let text: string;
  try {
    const { mode } = statSync(file);
    if ((mode & 0o077) !== 0) {
      warn(`the password file ${file} is not used: others can read it (chmod 600 ${file})`);
      return null;
    }
    text = readFileSync(file, "utf8");
  } catch {
    return null;
  }
  return findPassword(text, wanted);
}

/** Looks through lines of host:port:database:user:password; `*` is anything, a backslash keeps : and \. */
export function findPassword(text: string, { host, port, database, user }: PasswordFor): string | null {
  for (const line of text.split(/\r?\n/)) {
    if (line === "" || line.startsWith("#")) continue;
    const fields = splitLine(line);
    if (fields === null) continue;
    const wanted = [host, port, database, user];
    if (wanted.every((value, i) => fields.raw[i] === "*" || fields.values[i] === value))
      return fields.values[4]!;
  }
  return null;
}

/** Four fields and the rest of the line. */
function splitLine(line: string): { values: string[]; raw: string[] } | null {
  const raw: string[] = [];
  let field = "";
  for (let i = 0; i < line.length; i++) {
    if (line[i] === "\\" && i + 1 < line.length) field += line[i]! + line[++i]!;
    else if (line[i] === ":" && raw.length < 4) {
      raw.push(field);
      field = "";
    } else field += line[i]!;
  }
  raw.push(field);
  return raw.length < 5 ? null : { raw, values: raw.map((part) => part.replace(/\\(.)/g, "$1")) };
}
