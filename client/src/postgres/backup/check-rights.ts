/** Whether a user may read all that a backup has: known before a row is read. */
import { DatabaseForbiddenError } from "@datadb/protocol";
import type { LargeObjectFacts, SequenceFacts } from "../catalogue/relations.ts";
import type { ChosenTable } from "./select-tables.ts";

/** Names that a message has. */
const MAX_NAMED = 20;

/** Throws DATABASE_FORBIDDEN naming all that cannot be read, and all rows that would be hidden. */
export function checkRights(
  label: string,
  user: string,
  what: {
    tables: readonly ChosenTable[];
    sequences: readonly SequenceFacts[];
    largeObjects: readonly LargeObjectFacts[];
  },
): void {
  const tables = what.tables.filter(isForbidden).map(nameOf);
  const objects = what.largeObjects
    .filter(({ readable }) => !readable)
    .map(({ oid }) => `large object ${oid}`);
  const unreadable = [
    ...tables,
    ...what.sequences.filter(({ readable }) => !readable).map((sequence) => `sequence ${nameOf(sequence)}`),
    ...objects,
  ];
  const hidden = what.tables.filter((table) => table.hidden).map(nameOf);
  const problems: string[] = [];
  const next: string[] = [];
  if (unreadable.length > 0) {
    problems.push(`user ${user} may not read ${listed(unreadable)}`);
    next.push(
      objects.length > 0
        ? `GRANT SELECT ON LARGE OBJECT for each (GRANT pg_read_all_data TO ${user} covers tables and sequences alone), connect as a superuser, or choose tables: --table`
        : `grant it (GRANT pg_read_all_data TO ${user} covers tables and sequences)${tables.length > 0 ? ", or leave it out: --exclude-table" : ""}`,
    );
  }
  if (hidden.length > 0) {
    problems.push(`row-level security would hide rows of ${listed(hidden)} from user ${user}`);
    next.push(
      `ALTER ROLE ${user} BYPASSRLS, connect as a superuser, or leave the tables out: --exclude-table`,
    );
  }
  if (problems.length === 0) return;
  throw new DatabaseForbiddenError(`${label}: ${problems.join(", and ")}; nothing was backed up`, {
    next: next.join("; "),
    fields: { unreadable, hidden },
  });
}

/** Foreign rows are elsewhere, and not read. */
function isForbidden({ readable, kind }: ChosenTable): boolean {
  return !readable && kind !== "foreign";
}

/** Whether a look at the tables alone shows already that rights are missing. */
export function lacksRights(tables: readonly ChosenTable[]): boolean {
  return tables.some((table) => isForbidden(table) || table.hidden);
}

function nameOf({ schema, name }: { schema: string; name: string }): string {
  return `${schema}.${name}`;
}

function listed(names: readonly string[]): string {
  const shown = names.slice(0, MAX_NAMED).join(", ");
  return names.length > MAX_NAMED ? `${shown} and ${names.length - MAX_NAMED} more` : shown;
}
