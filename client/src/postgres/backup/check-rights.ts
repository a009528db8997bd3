/** Whether a user may read all that a backup has: known before a row is read. */
import { DatabaseForbiddenError } from "@datadb/protocol";
import type { LargeObjectFacts, SequenceFacts } from "../catalogue/relations.ts";
import type { ChosenTable } from "./select-tables.ts";

/** Names that a message has. */
const MAX_NAMED = 20;

/** Throws DATABASE_FORBIDDEN naming what cannot be read. */
export function checkRights(
  label: string,
  user: string,
  what: {
    tables: readonly ChosenTable[];
    sequences: readonly SequenceFacts[];
    largeObjects: readonly LargeObjectFacts[];
  },
): void {
  const unreadable = [
    ...what.tables.filter(({ readable, kind }) => !readable && kind !== "foreign").map(nameOf),
    ...what.sequences.filter(({ readable }) => !readable).map((sequence) => `sequence ${nameOf(sequence)}`),
    ...what.largeObjects.filter(({ readable }) => !readable).map(({ oid }) => `large object ${oid}`),
  ];
  if (unreadable.length > 0) {
    const objects = what.largeObjects.some(({ readable }) => !readable);
    const tables = what.tables.some(({ readable, kind }) => !readable && kind !== "foreign");
    throw new DatabaseForbiddenError(
      `${label}: user ${user} may not read ${listed(unreadable)}; nothing was backed up`,
      {
        next: objects
          ? `GRANT SELECT ON LARGE OBJECT for each (GRANT pg_read_all_data TO ${user} covers tables and sequences alone), connect as a superuser, or choose tables: --table`
          : `grant it (GRANT pg_read_all_data TO ${user} covers tables and sequences)${tables ? ", or leave it out: --exclude-table" : ""}`,
        fields: { unreadable },
      },
    );
  }
  const hidden = what.tables.filter((table) => table.hidden).map(nameOf);
  if (hidden.length > 0) {
    throw new DatabaseForbiddenError(
      `${label}: row-level security would hide rows of ${listed(hidden)} from user ${user}; nothing was backed up`,
      {
        next: `ALTER ROLE ${user} BYPASSRLS, connect as a superuser, or leave the tables out: --exclude-table`,
        fields: { hidden },
      },
    );
  }
}

function nameOf({ schema, name }: { schema: string; name: string }): string {
  return `${schema}.${name}`;
}

function listed(names: readonly string[]): string {
  const shown = names.slice(0, MAX_NAMED).join(", ");
  return names.length > MAX_NAMED ? `${shown} and ${names.length - MAX_NAMED} more` : shown;
}
