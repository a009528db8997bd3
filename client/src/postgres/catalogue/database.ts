/** What a database is besides its tables: locale, owner, settings, extensions, roles, tablespaces, collations. */
import type { Session } from "../connect/session.ts";
import type { DatabaseFacts, PostgresManifest } from "../manifest/manifest.ts";
import { USER_SCHEMA } from "./tables.ts";

/** Lists whose values are identifiers, quoted already: they must not be quoted again. But what is empty, SQL does not read as a name. */
const QUOTED_LISTS =
  "'local_preload_libraries', 'search_path', 'session_preload_libraries', 'shared_preload_libraries', 'temp_tablespaces', 'unix_socket_directories'";

export async function readDatabase(session: Session): Promise<DatabaseFacts> {
  const { versionNumber } = session.server;
  const since = (version: number, sql: string, before = "NULL::text"): string =>
    versionNumber >= version ? sql : before;
  const [row] = await session.query<Record<string, string | null> & { name: string; settings: string[] }>(`
    SELECT d.datname AS name, pg_catalog.pg_get_userbyid(d.datdba) AS owner,
      pg_catalog.pg_encoding_to_char(d.encoding) AS encoding, d.datcollate::text AS collate, d.datctype::text AS ctype,
      ${since(150000, "CASE d.datlocprovider WHEN 'i' THEN 'icu' WHEN 'b' THEN 'builtin' ELSE 'libc' END", "'libc'")} AS provider,
      ${since(170000, "d.datlocale", since(150000, "d.daticulocale"))} AS locale,
      ${since(160000, "d.daticurules")} AS rules, ${since(150000, "d.datcollversion")} AS collversion,
      pg_catalog.array_to_string(d.datacl, ',') AS acl, pg_catalog.shobj_description(d.oid, 'pg_database') AS comment,
      t.spcname AS tablespace,
      ARRAY(
        SELECT CASE WHEN s.setrole = 0 THEN 'ALTER DATABASE ' || pg_catalog.quote_ident(d.datname)
            ELSE 'ALTER ROLE ' || pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(s.setrole)) || ' IN DATABASE '
              || pg_catalog.quote_ident(d.datname) END
          || ' SET ' || pg_catalog.quote_ident(pg_catalog.split_part(c, '=', 1)) || ' TO '
          || CASE WHEN pg_catalog.split_part(c, '=', 1) IN (${QUOTED_LISTS})
            THEN pg_catalog.regexp_replace(pg_catalog.substr(c, pg_catalog.strpos(c, '=') + 1), '(^|, *)""(?=,|$)', '\\1''''', 'g')
            ELSE pg_catalog.quote_literal(pg_catalog.substr(c, pg_catalog.strpos(c, '=') + 1)) END
        FROM pg_catalog.pg_db_role_setting s, pg_catalog.unnest(s.setconfig) WITH ORDINALITY AS u (c, n)
        WHERE s.setdatabase = d.oid ORDER BY s.setrole <> 0, pg_catalog.pg_get_userbyid(s.setrole) COLLATE "C", u.n)
      || CASE WHEN d.datconnlimit >= 0 THEN ARRAY['ALTER DATABASE ' || pg_catalog.quote_ident(d.datname)
        || ' CONNECTION LIMIT ' || d.datconnlimit] ELSE '{}' END
      || CASE WHEN d.datistemplate THEN ARRAY['ALTER DATABASE ' || pg_catalog.quote_ident(d.datname) || ' IS_TEMPLATE true']
        ELSE '{}' END AS settings
    FROM pg_catalog.pg_database d JOIN pg_catalog.pg_tablespace t ON t.oid = d.dattablespace
    WHERE d.datname = pg_catalog.current_database()`);
  const facts = row!;
  return {
    name: facts.name,
    owner: facts["owner"]!,
    encoding: facts["encoding"]!,
    collate: facts["collate"]!,
    ctype: facts["ctype"]!,
    localeProvider: facts["provider"]!,
    settings: facts.settings,
    tablespace: facts["tablespace"]!,
    ...present("icuLocale", facts["locale"]),
    ...present("icuRules", facts["rules"]),
    ...present("collationVersion", facts["collversion"]),
    // Empty: nobody has any privilege, not even the owner. Absent: those that a database has from the beginning.
    ...(typeof facts["acl"] === "string" && { acl: facts["acl"] }),
    ...present("comment", facts["comment"]),
  };
}

function present<Key extends string>(
  key: Key,
  value: string | null | undefined,
): Partial<Record<Key, string>> {
  return value === null || value === undefined || value === ""
    ? {}
    : ({ [key]: value } as Record<Key, string>);
}

export async function readExtensions(session: Session): Promise<PostgresManifest["extensions"]> {
  return await session.query(`
    SELECT e.extname AS name, e.extversion AS version, n.nspname AS schema
    FROM pg_catalog.pg_extension e JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace ORDER BY e.extname COLLATE "C"`);
}

/** Owners, and all that privileges name. */
export async function readRoles(session: Session): Promise<string[]> {
  const rows = await session.query<{ name: string }>(
    `
    SELECT DISTINCT r.rolname COLLATE "C" AS name FROM pg_catalog.pg_roles r WHERE r.oid IN (
      SELECT s.refobjid FROM pg_catalog.pg_shdepend s
        WHERE s.refclassid = 'pg_catalog.pg_authid'::regclass AND (s.dbid = d() OR (s.dbid = 0 AND s.objid = d()))
      UNION SELECT datdba FROM pg_catalog.pg_database WHERE oid = d()
      UNION SELECT c.relowner FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE ${USER_SCHEMA}
      UNION SELECT n.nspowner FROM pg_catalog.pg_namespace n WHERE ${USER_SCHEMA}
      UNION SELECT p.proowner FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace WHERE ${USER_SCHEMA}
      UNION SELECT t.typowner FROM pg_catalog.pg_type t JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace WHERE ${USER_SCHEMA}
    ) ORDER BY 1`.replaceAll(
      "d()",
      "(SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())",
    ),
  );
  return rows.map(({ name }) => name);
}

export async function readTablespaces(session: Session): Promise<string[]> {
  const rows = await session.query<{ name: string }>(`
    SELECT DISTINCT t.spcname COLLATE "C" AS name FROM pg_catalog.pg_class c
    JOIN pg_catalog.pg_tablespace t ON t.oid = c.reltablespace
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE ${USER_SCHEMA} ORDER BY 1`);
  return rows.map(({ name }) => name);
}

/** Collations of columns, with the version of the library that the indexes were made with. */
export async function readCollations(session: Session): Promise<PostgresManifest["collations"]> {
  const rows = await session.query<{ name: string; provider: string; version: string | null }>(`
    SELECT DISTINCT (CASE WHEN o.nspname = 'pg_catalog' THEN '' ELSE o.nspname || '.' END || co.collname) COLLATE "C" AS name,
      CASE co.collprovider WHEN 'c' THEN 'libc' WHEN 'i' THEN 'icu' WHEN 'b' THEN 'builtin' ELSE 'default' END AS provider,
      co.collversion AS version
    FROM pg_catalog.pg_attribute a
    JOIN pg_catalog.pg_class c ON c.oid = a.attrelid AND c.relkind IN ('r', 'p', 'm', 'f')
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_catalog.pg_collation co ON co.oid = a.attcollation
    JOIN pg_catalog.pg_namespace o ON o.oid = co.collnamespace
    WHERE a.attnum > 0 AND NOT a.attisdropped AND ${USER_SCHEMA} ORDER BY 1`);
  return rows.map(({ name, provider, version }) => ({ name, provider, ...present("version", version) }));
}
