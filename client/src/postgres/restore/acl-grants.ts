/** Privileges as the catalogues keep them, made into GRANT commands. */
import type { Session } from "../connect/open-session.ts";
import { quoteName } from "./script/object-name.ts";

interface Grant {
  /** Null for everybody. */
  grantee: string | null;
  privilege: string;
  grantable: boolean;
}

/** `acl`: aclitems with commas between them. `object`: as GRANT names it. Roles must exist on the server. */
export async function grantStatements(session: Session, acl: string, object: string): Promise<string[]> {
  const grants = await session.query<Grant & Record<string, unknown>>(
    `SELECT CASE grantee WHEN 0 THEN NULL ELSE pg_catalog.pg_get_userbyid(grantee) END AS grantee,
       privilege_type AS privilege, is_grantable AS grantable
     FROM pg_catalog.aclexplode($1::text[]::aclitem[]) WITH ORDINALITY AS a (grantor, grantee, privilege_type, is_grantable, at)
     ORDER BY at`,
    [splitAcl(acl)],
  );
  return grants.map(({ grantee, privilege, grantable }) => {
    const to = grantee === null ? "PUBLIC" : quoteName(grantee);
    return `GRANT ${privilege} ON ${object} TO ${to}${grantable ? " WITH GRANT OPTION" : ""}`;
  });
}

/** Commas in quoted names of roles separate nothing. */
export function splitAcl(acl: string): string[] {
  return acl.match(/(?:"(?:[^"]|"")*"|[^",])+/g) ?? [];
}
