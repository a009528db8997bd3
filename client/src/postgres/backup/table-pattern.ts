/** Patterns of tables as psql and pg_dump read them. */
import { UsageError } from "@datadb/protocol";

export interface TablePattern {
  /** As it was given. */
  text: string;
  /** Null: where the search path leads. */
  schema: RegExp | null;
  name: RegExp;
}

/**
 * `[SCHEMA.]NAME`: `*` is any letters, `?` is one, letters outside of double quotes are made small; the rest is a regular
 * expression of the server, of which what JavaScript has as well is understood. Throws USAGE.
 */
export function tablePattern(text: string): TablePattern {
  const parts = [""];
  let quoted = false;
  for (let i = 0; i < text.length; i++) {
    const letter = text[i]!;
    if (letter === '"') {
      if (quoted && text[i + 1] === '"') {
        parts[parts.length - 1] += '"';
        i++;
      } else quoted = !quoted;
    } else if (quoted) parts[parts.length - 1] += letter.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");
    else if (letter === ".") parts.push("");
    else parts[parts.length - 1] += unquoted(letter);
  }
  const name = parts.pop()!;
  if (quoted || name === "" || parts.length > 1 || parts[0] === "")
    throw new UsageError(
      `'${text}' is no pattern of tables`,
      'write NAME, SCHEMA.NAME, "Quoted Name", app_* or *.log_?',
    );
  return { text, schema: parts.length === 0 ? null : anchored(parts[0]!, text), name: anchored(name, text) };
}

function unquoted(letter: string): string {
  if (letter === "*") return ".*";
  if (letter === "?") return ".";
  if (letter === "$") return "\\$";
  return letter.toLowerCase();
}

function anchored(expression: string, text: string): RegExp {
  try {
    return new RegExp(`^(?:${expression})$`, "su");
  } catch (cause) {
    throw new UsageError(`'${text}' is no pattern of tables: ${(cause as Error).message}`, { cause });
  }
}

/** Tables that match. Without a schema: those that their bare name finds along `searchPath`. */
export function matching<T extends { schema: string; name: string }>(
  pattern: TablePattern,
  tables: readonly T[],
  searchPath: readonly string[],
): T[] {
  const { schema, name } = pattern;
  const named = tables.filter((table) => name.test(table.name));
  if (schema !== null) return named.filter((table) => schema.test(table.schema));
  const first = new Map<string, T>();
  for (const place of searchPath)
    for (const table of tables)
      if (table.schema === place && !first.has(table.name)) first.set(table.name, table);
  return named.filter((table) => first.get(table.name) === table);
}
