/** Makes a database as the backup describes it, and gives it settings, privileges and owner when it is filled. */
import type { Session } from "../connect/open-session.ts";
import type { DatabaseFacts } from "../manifest/manifest.ts";
import { runOne } from "./run-script.ts";
import { quoteName, quoteText } from "./script/object-name.ts";
import { tokenizeSql } from "./script/tokenize-sql.ts";

/** LOCALE_PROVIDER came with 15, ICU_RULES with 16, the builtin provider with 17. */
const PROVIDERS_SINCE = 150000;

/** Empty, with the encoding and locale of the backup's. Its comment says what it is while it is not finished. */
export async function createDatabase(
  session: Session,
  name: string,
  facts: DatabaseFacts,
  purpose: string,
): Promise<void> {
  const parts = [
    `CREATE DATABASE ${quoteName(name)} TEMPLATE template0 ENCODING ${quoteText(facts.encoding)}`,
  ];
  parts.push(`LC_COLLATE ${quoteText(facts.collate)} LC_CTYPE ${quoteText(facts.ctype)}`);
  if (session.server.versionNumber >= PROVIDERS_SINCE) parts.push(...provider(facts));
  if (facts.tablespace !== "pg_default") parts.push(`TABLESPACE ${quoteName(facts.tablespace)}`);
  await runOne(session, parts.join(" "));
  await session.query(`COMMENT ON DATABASE ${quoteName(name)} IS ${quoteText(purpose)}`);
}

function provider({ localeProvider, icuLocale, icuRules }: DatabaseFacts): string[] {
  if (localeProvider === "libc") return ["LOCALE_PROVIDER libc"];
  const locale =
    icuLocale === undefined
      ? []
      : [`${localeProvider === "icu" ? "ICU_LOCALE" : "BUILTIN_LOCALE"} ${quoteText(icuLocale)}`];
  const rules = icuRules === undefined ? [] : [`ICU_RULES ${quoteText(icuRules)}`];
  return [`LOCALE_PROVIDER ${localeProvider}`, ...locale, ...rules];
}

export interface FinishOptions {
  noOwner: boolean;
  noPrivileges: boolean;
}

/** Statements that make the filled database what the backup's was: comment, owner, privileges, settings. */
export async function finishingStatements(
  session: Session,
  name: string,
  facts: DatabaseFacts,
  options: FinishOptions,
): Promise<string[]> {
  const database = `DATABASE ${quoteName(name)}`;
  const comment = facts.comment === undefined ? "NULL" : quoteText(facts.comment);
  const statements = [`COMMENT ON ${database} IS ${comment}`];
  if (!options.noOwner) statements.push(`ALTER ${database} OWNER TO ${quoteName(facts.owner)}`);
  if (!options.noPrivileges && facts.acl !== undefined)
    statements.push(...(await grants(session, database, facts, options.noOwner)));
  for (const setting of facts.settings) statements.push(forDatabase(setting, name));
  return statements;
}

async function grants(
  session: Session,
  database: string,
  facts: DatabaseFacts,
  noOwner: boolean,
): Promise<string[]> {
  const items = await session.query<{ grantee: string | null; privilege: string; grantable: boolean }>(
    `SELECT CASE grantee WHEN 0 THEN NULL ELSE pg_catalog.pg_get_userbyid(grantee) END AS grantee,
       privilege_type AS privilege, is_grantable AS grantable
     FROM pg_catalog.aclexplode($1::text::aclitem[]) WITH ORDINALITY AS a (grantor, grantee, privilege_type, is_grantable, at)
     ORDER BY at`,
    [facts.acl],
  );
  const statements = [`REVOKE ALL ON ${database} FROM PUBLIC`];
  if (!noOwner) statements.push(`REVOKE ALL ON ${database} FROM ${quoteName(facts.owner)}`);
  for (const { grantee, privilege, grantable } of items) {
    const to = grantee === null ? "PUBLIC" : quoteName(grantee);
    statements.push(`GRANT ${privilege} ON ${database} TO ${to}${grantable ? " WITH GRANT OPTION" : ""}`);
  }
  return statements;
}

/** ALTER DATABASE x SET ... and ALTER ROLE r IN DATABASE x SET ...: the same for the database of this name. */
export function forDatabase(setting: string, name: string): string {
  const tokens = [...tokenizeSql(setting)];
  const at = tokens.findIndex(({ kind, value }) => kind === "word" && value === "database") + 1;
  const old = tokens[at];
  if (at === 0 || old === undefined) return setting;
  return `${setting.slice(0, old.at)}${quoteName(name)}${setting.slice(old.at + old.text.length).replace(/;\s*$/, "")}`;
}

/** Whether a setting belongs to a role, which then must be there. */
export function rolesOfSettings(settings: readonly string[]): string[] {
  return settings.flatMap((setting) => {
    const [, role, name] = [...tokenizeSql(setting)];
    return role?.value === "role" && name !== undefined ? [name.value] : [];
  });
}
