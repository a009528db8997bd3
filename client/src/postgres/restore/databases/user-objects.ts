/** The objects that users made in a database: to see that there are none, and to drop them. */
import type { Session } from "../../connect/session.ts";
import { quoteName, quoteText } from "../script/object-name.ts";
import { dropSubscriptions } from "./subscriptions.ts";

export interface UserObject {
  /** As pg_identify_object names it: `table`, `function` ... */
  type: string;
  /** With schema and arguments, quoted. */
  identity: string;
  classId: number;
  objectId: number;
}

/** Where the journal of an unfinished restore is. */
const JOURNAL_SCHEMA = "datadb_restore";

/** Catalogues of what stands for itself, with what is left out of each. */
const CATALOGUES: readonly (readonly [name: string, where?: string])[] = [
  ["pg_event_trigger"],
  ["pg_publication"],
  ["pg_extension"],
  ["pg_namespace", "nspname !~ '^pg_'"],
  ["pg_class", "relkind IN ('r', 'p', 'v', 'm', 'S', 'f') AND relnamespace <> 'pg_toast'::regnamespace"],
  [
    "pg_type",
    "typrelid = 0 OR EXISTS (SELECT 1 FROM pg_catalog.pg_class AS k WHERE k.oid = typrelid AND relkind = 'c')",
  ],
  ["pg_proc"],
  ["pg_operator"],
  ["pg_opclass"],
  ["pg_opfamily"],
  ["pg_collation"],
  ["pg_conversion"],
  ["pg_cast"],
  ["pg_language"],
  ["pg_foreign_data_wrapper"],
  ["pg_foreign_server"],
  ["pg_ts_config"],
  ["pg_ts_dict"],
  ["pg_ts_parser"],
  ["pg_ts_template"],
  ["pg_transform"],
  ["pg_am"],
  ["pg_statistic_ext"],
  ["pg_largeobject_metadata"],
];

/** What initdb makes has smaller numbers. */
const FIRST_USER_OID = 16384;

/** Those that no other object owns; the journal is none. In the order in which they can be dropped. */
export async function userObjects(session: Session): Promise<UserObject[]> {
  const parts = CATALOGUES.map(([name, where], order) => {
    // Large objects belong to the class of their data.
    const dependOn = name === "pg_largeobject_metadata" ? "pg_largeobject" : name;
    return `SELECT ${order} AS step, 'pg_catalog.${dependOn}'::regclass::oid AS class, c.oid AS object FROM pg_catalog.${name} AS c
      WHERE c.oid >= ${FIRST_USER_OID} AND (${where ?? "true"})`;
  });
  return await session.query<UserObject & Record<string, unknown>>(
    `SELECT i.type, i.identity, o.class::bigint::int AS "classId", o.object::bigint AS "objectId"
     FROM (${parts.join("\nUNION ALL ")}) AS o, pg_catalog.pg_identify_object(o.class, o.object, 0) AS i
     WHERE NOT EXISTS (SELECT 1 FROM pg_catalog.pg_depend AS d
         WHERE d.classid = o.class AND d.objid = o.object AND d.objsubid = 0 AND d.deptype IN ('e', 'i', 'a'))
       AND coalesce(i.schema, '') <> '${JOURNAL_SCHEMA}' AND i.identity <> '${JOURNAL_SCHEMA}' AND i.identity IS NOT NULL
       AND coalesce(i.schema, '') !~ '^pg_(toast_)?temp_'
     ORDER BY o.step, i.identity`,
  );
}

const DROPPED_AT_ONCE = 100;

/** Drops objects with what depends on them, some at a time; what is gone already is no error. */
export async function dropObjects(session: Session, objects: readonly UserObject[]): Promise<void> {
  for (let at = 0; at < objects.length; at += DROPPED_AT_ONCE) {
    const statements = objects.slice(at, at + DROPPED_AT_ONCE).map(dropStatement);
    await session.query(`BEGIN;\n${statements.join(";\n")};\nCOMMIT`);
  }
}

function dropStatement({ type, identity, objectId }: UserObject): string {
  switch (type) {
    case "large object":
      return `SELECT pg_catalog.lo_unlink(oid) FROM pg_catalog.pg_largeobject_metadata WHERE oid = ${objectId}`;
    case "statistics object":
      return `DROP STATISTICS IF EXISTS ${identity}`;
    case "composite type":
      return `DROP TYPE IF EXISTS ${identity} CASCADE`;
    case "transform":
      return `DROP TRANSFORM IF EXISTS FOR ${identity.replace(/^for /, "").replace(/ (?:on )?language /, " LANGUAGE ")} CASCADE`;
    default:
      return `DROP ${type.toUpperCase()} IF EXISTS ${identity} CASCADE`;
  }
}

/** A journal in the database that is filled: which backup, and what was made. With the objects, in one transaction each. */
export function beginJournal(backup: string): string[] {
  return [
    `CREATE SCHEMA ${quoteName(JOURNAL_SCHEMA)}`,
    `CREATE TABLE ${JOURNAL_SCHEMA}.journal (class oid NOT NULL, object oid NOT NULL, PRIMARY KEY (class, object))`,
    `COMMENT ON SCHEMA ${JOURNAL_SCHEMA} IS ${quoteText(`datadb restores backup ${backup} here; what it made so far is not complete`)}`,
  ];
}

export async function hasJournal(session: Session): Promise<boolean> {
  const [row] = await session.query<{ there: boolean }>(
    `SELECT pg_catalog.to_regclass('${JOURNAL_SCHEMA}.journal') IS NOT NULL AS there`,
  );
  return row!.there;
}

/** Adds what this session has made, inside its transaction. */
export async function journalObjects(session: Session): Promise<void> {
  const objects = await userObjects(session);
  await session.query(
    `INSERT INTO ${JOURNAL_SCHEMA}.journal SELECT * FROM unnest($1::oid[], $2::oid[]) ON CONFLICT DO NOTHING`,
    [objects.map(({ classId }) => classId), objects.map(({ objectId }) => objectId)],
  );
}

/** Drops everything in the journal, subscriptions, of which there were none, then the journal: the database is as it was before. */
export async function undoJournal(session: Session): Promise<void> {
  const rows = await session.query<{ class: number; object: number }>(
    `SELECT class::bigint::int, object::bigint FROM ${JOURNAL_SCHEMA}.journal`,
  );
  await dropSubscriptions(session);
  const made = new Set(rows.map((row) => `${row.class} ${row.object}`));
  const objects = await userObjects(session);
  await dropObjects(
    session,
    objects.filter(({ classId, objectId }) => made.has(`${classId} ${objectId}`)),
  );
  await endJournal(session);
}

const ENABLE: Readonly<Record<string, string>> = { O: "ENABLE", A: "ENABLE ALWAYS", R: "ENABLE REPLICA" };

/** Event triggers, which may have come with the restore, neither see it nor hinder it. */
export async function endJournal(session: Session): Promise<void> {
  await session.query("SET synchronous_commit = on");
  const triggers = await session.query<{ name: string; state: string }>(
    `SELECT evtname AS name, evtenabled AS state FROM pg_catalog.pg_event_trigger
     WHERE evtenabled <> 'D' AND pg_catalog.pg_has_role(evtowner, 'USAGE')`,
  );
  const alter = (name: string, word: string): string => `ALTER EVENT TRIGGER ${quoteName(name)} ${word}`;
  const statements = [
    ...triggers.map(({ name }) => alter(name, "DISABLE")),
    `DROP SCHEMA IF EXISTS ${quoteName(JOURNAL_SCHEMA)} CASCADE`,
    ...triggers.map(({ name, state }) => alter(name, ENABLE[state]!)),
  ];
  await session.query(`BEGIN;\n${statements.join(";\n")};\nCOMMIT`);
}
