/** Looks for everything that the server lacks for a restore, before anything is written. */
import { DatabaseUnfitError } from "@datadb/protocol";
import type { Session } from "../../connect/session.ts";
import type { PostgresManifest } from "../../manifest/manifest.ts";
import type { DatabaseState } from "../databases/database-state.ts";

export interface PreflightRequest {
  manifest: PostgresManifest;
  /** Roles that the statements to be run name; of these, the ones that are to own something. */
  roles: readonly string[];
  owners: readonly string[];
  /** The database that is restored into, or null for one that will be made as the backup's was. */
  existing: DatabaseState | null;
  /** Extensions and tablespaces that the statements to be run need. */
  extensions: readonly string[];
  tablespaces: readonly string[];
  /** Neither owners nor privileges are restored. */
  withoutRoles: boolean;
}

export interface Preflight {
  /** To be made in the version that the backup had, by name; others get the server's default. */
  extensionVersions: Map<string, string>;
  warnings: string[];
}

/** Throws DATABASE_UNFIT with everything that is missing. */
export async function preflight(session: Session, request: PreflightRequest): Promise<Preflight> {
  const problems: string[] = [];
  const warnings: string[] = [];
  await lookForRoles(session, request, problems);
  const extensionVersions = await lookForExtensions(session, request, problems, warnings);
  const missing = await absent(
    session,
    request.tablespaces,
    "SELECT spcname AS name FROM pg_catalog.pg_tablespace",
  );
  for (const name of missing) problems.push(`tablespace ${name} is missing: make it with CREATE TABLESPACE`);
  if (request.existing === null) await lookForLocale(session, request.manifest, problems);
  else compareDatabase(request.existing, request.manifest, problems, warnings);
  await lookForCollations(session, request.manifest, problems);
  const [theirs, ours] = [request.manifest.server.versionNumber, session.server.versionNumber];
  if (Math.floor(theirs / 10000) > Math.floor(ours / 10000))
    warnings.push(
      `the server is PostgreSQL ${session.server.version}, older than the backup's ${request.manifest.server.version}: it may not know everything`,
    );
  if (problems.length === 0) return { extensionVersions, warnings };
  throw new DatabaseUnfitError(
    `${session.target.label.replace(/\/[^/]*$/, "")} lacks what the backup needs; nothing was written:\n${problems.map((one) => `  ${one}`).join("\n")}`,
    { next: adviceFor(problems, request.withoutRoles), fields: { problems } },
  );
}

function adviceFor(problems: readonly string[], withoutRoles: boolean): string {
  if (problems.some((problem) => problem.startsWith("role "))) {
    const make = "make the roles (datadb cat SELECTOR:globals.sql prints the commands)";
    return withoutRoles
      ? `${make}: policies and user mappings name them`
      : `${make}, or restore with --no-owner --no-privileges`;
  }
  return "provide what is missing, then run the command again";
}

async function lookForRoles(
  session: Session,
  { roles, owners }: PreflightRequest,
  problems: string[],
): Promise<void> {
  const missing = await absent(session, roles, "SELECT rolname AS name FROM pg_catalog.pg_roles");
  for (const name of missing) problems.push(`role ${name} is missing: make it with CREATE ROLE`);
  const there = owners.filter((name) => !missing.includes(name));
  // From 16 on, being a member is not enough to give something away: SET must be allowed.
  const right = session.server.versionNumber >= 160000 ? "SET" : "MEMBER";
  const refused = await session.query<{ name: string }>(
    "SELECT name FROM unnest($1::text[]) AS name WHERE NOT pg_catalog.pg_has_role(name, $2) ORDER BY name",
    [there, right],
  );
  for (const { name } of refused)
    problems.push(
      `role ${name} is to own objects, but ${session.target.user} is no member of it: GRANT it, or give --no-owner`,
    );
}

async function lookForExtensions(
  session: Session,
  { manifest, extensions }: PreflightRequest,
  problems: string[],
  warnings: string[],
): Promise<Map<string, string>> {
  // The server reads a directory for the answer.
  if (extensions.length === 0) return new Map();
  const found = await session.query<{ name: string; version: string; standard: boolean }>(
    `SELECT v.name, v.version, v.version = e.default_version AS standard
     FROM pg_catalog.pg_available_extension_versions AS v JOIN pg_catalog.pg_available_extensions AS e USING (name)
     WHERE v.name = ANY ($1)`,
    [extensions],
  );
  const versions = new Map<string, string>();
  for (const { name, version } of manifest.extensions) {
    if (!extensions.includes(name)) continue;
    const available = found.filter((one) => one.name === name);
    const standard = available.find((one) => one.standard)?.version;
    if (available.length === 0) problems.push(`extension ${name} ${version} is not installed on the server`);
    else if (available.some((one) => one.version === version)) {
      if (version !== standard) versions.set(name, version);
    } else warnings.push(`extension ${name} is ${standard} on the server, and was ${version} in the backup`);
  }
  return versions;
}

/** The server's version from which on a database can have its locale from them. */
const PROVIDERS_SINCE: Readonly<Record<string, number>> = { icu: 150000, builtin: 170000 };

/** The server only tries a locale when it makes a database; those of libc it knows by name. */
async function lookForLocale(
  session: Session,
  { database }: PostgresManifest,
  problems: string[],
): Promise<void> {
  const { encoding, collate, ctype, localeProvider } = database;
  const [row] = await session.query<{ encoding: number }>(
    "SELECT pg_catalog.pg_char_to_encoding($1) AS encoding",
    [encoding],
  );
  if (row!.encoding < 0) problems.push(`encoding ${encoding} is unknown to the server`);
  const names = [...new Set([collate, ctype])].filter((name) => !/^(?:C|POSIX)$/.test(name));
  const known = await session.query<{ name: string }>(
    `SELECT datcollate AS name FROM pg_catalog.pg_database UNION SELECT datctype FROM pg_catalog.pg_database
     UNION SELECT collcollate FROM pg_catalog.pg_collation WHERE collcollate IS NOT NULL`,
  );
  const normal = (name: string): string => name.toLowerCase().replaceAll("-", "");
  const there = new Set(known.map(({ name }) => normal(name)));
  for (const name of names)
    if (!there.has(normal(name)))
      problems.push(
        `locale ${name} is not installed on the server: make it with locale-gen, then restart the server`,
      );
  const since = PROVIDERS_SINCE[localeProvider] ?? 0;
  if (session.server.versionNumber < since) {
    problems.push(
      `the database's locale is of the provider ${localeProvider}, which PostgreSQL has from ${Math.floor(since / 10000)} on: make an empty database with another locale, and restore into it`,
    );
    return;
  }
  if (localeProvider === "icu") {
    const [icu] = await session.query(
      "SELECT 1 FROM pg_catalog.pg_collation WHERE collprovider = 'i' LIMIT 1",
    );
    if (icu === undefined)
      problems.push("the database's collation is ICU's, and the server was built without ICU");
  }
}

function compareDatabase(
  existing: DatabaseState,
  { database }: PostgresManifest,
  problems: string[],
  warnings: string[],
): void {
  if (existing.encoding !== database.encoding) {
    const text = `the database has encoding ${existing.encoding}, the backup's had ${database.encoding}`;
    if (existing.encoding === "UTF8" && database.encoding !== "SQL_ASCII") warnings.push(text);
    else problems.push(`${text}: drop it and let the restore make it`);
  }
  if (existing.collate !== database.collate || existing.ctype !== database.ctype)
    warnings.push(
      `the database sorts by ${existing.collate}, ${existing.ctype}, the backup's by ${database.collate}, ${database.ctype}`,
    );
}

async function lookForCollations(
  session: Session,
  { collations }: PostgresManifest,
  problems: string[],
): Promise<void> {
  if (collations.some(({ provider }) => provider === "i" || provider === "icu")) {
    const [icu] = await session.query(
      "SELECT 1 FROM pg_catalog.pg_collation WHERE collprovider = 'i' LIMIT 1",
    );
    if (icu === undefined)
      problems.push("the schema has collations of ICU, and the server was built without ICU");
  }
}

async function absent(session: Session, names: readonly string[], sql: string): Promise<string[]> {
  if (names.length === 0) return [];
  const known = new Set((await session.query<{ name: string }>(sql)).map(({ name }) => name));
  return names.filter((name) => !known.has(name));
}
