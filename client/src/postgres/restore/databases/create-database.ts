/** Makes a database as the backup describes it, and gives it settings, privileges and owner when it is filled. */
import type { Session } from "../../connect/session.ts";
import type { DatabaseFacts } from "../../manifest/manifest.ts";
import { aclStatements } from "../plan/acl-statements.ts";
import { runOne } from "../run-script.ts";
import { quoteName, quoteText } from "../script/object-name.ts";
import { tokenizeSql } from "../script/tokenize-sql.ts";

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
  /** Whether privileges are granted by those who granted them. */
  asGrantor: boolean;
}

/** Statements that make the filled database what the backup's was: comment, owner, privileges, settings. */
export function finishingStatements(name: string, facts: DatabaseFacts, options: FinishOptions): string[] {
  const database = `DATABASE ${quoteName(name)}`;
  const comment = facts.comment === undefined ? "NULL" : quoteText(facts.comment);
  const statements = [`COMMENT ON ${database} IS ${comment}`];
  if (!options.noOwner) statements.push(`ALTER ${database} OWNER TO ${quoteName(facts.owner)}`);
  const { owner, acl } = facts;
  const { noOwner, asGrantor } = options;
  if (!options.noPrivileges && acl !== undefined)
    statements.push(...aclStatements(acl, database, { owner, noOwner, asGrantor }));
  // What a role gets of its own counts as a privilege: the role may not be there.
  for (const setting of facts.settings)
    if (!options.noPrivileges || rolesOfSettings([setting]).length === 0)
      statements.push(forDatabase(setting, name));
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

/** The roles to which settings belong; they must be there. */
export function rolesOfSettings(settings: readonly string[]): string[] {
  return settings.flatMap((setting) => {
    const [, role, name] = [...tokenizeSql(setting)];
    return role?.value === "role" && name !== undefined ? [name.value] : [];
  });
}
