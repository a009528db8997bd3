/** Privileges as the catalogues keep them, made into commands. */
import { quoteName } from "../script/object-name.ts";

interface AclItem {
  /** Empty for everybody. */
  grantee: string;
  /** A letter for each privilege, with a star behind those that may be granted on. */
  letters: string;
  grantor: string;
}

/** Of what stands in no script: databases and large objects. */
const PRIVILEGES: Readonly<Record<string, string>> = {
  r: "SELECT",
  w: "UPDATE",
  C: "CREATE",
  T: "TEMPORARY",
  c: "CONNECT",
};

export interface AclOptions {
  /** To whom the object belonged when it had these privileges. */
  owner: string;
  /** It will belong to who restores. */
  noOwner: boolean;
  /** Whether who restores may act as another role: what that one granted, it then grants again. */
  asGrantor: boolean;
}

/** What gives a new object, which belongs to its owner already, these privileges and no others. `acl`: aclitems with commas between them. */
export function aclStatements(acl: string, object: string, options: AclOptions): string[] {
  const { owner, noOwner, asGrantor } = options;
  const items = aclItems(acl).filter(({ grantee }) => !noOwner || grantee !== owner);
  const grants = items.flatMap(({ grantee, letters, grantor }) => {
    const to = grantee === "" ? "PUBLIC" : quoteName(grantee);
    const statements = [...letters.matchAll(/(\w)(\*?)/g)].map(
      ([, letter, star]) =>
        `GRANT ${PRIVILEGES[letter!] ?? letter} ON ${object} TO ${to}${star === "*" ? " WITH GRANT OPTION" : ""}`,
    );
    return grantor === owner || !asGrantor
      ? statements
      : [`SET SESSION AUTHORIZATION ${quoteName(grantor)}`, ...statements, "RESET SESSION AUTHORIZATION"];
  });
  return [
    `REVOKE ALL ON ${object} FROM PUBLIC`,
    ...(noOwner ? [] : [`REVOKE ALL ON ${object} FROM ${quoteName(owner)}`]),
    ...grants,
  ];
}

/** The roles that these commands name, beside the owner. */
export function rolesOfAcl(acl: string, owner: string): string[] {
  const roles = aclItems(acl).flatMap(({ grantee, grantor }) => [grantee, grantor]);
  return [...new Set(roles)].filter((role) => role !== "" && role !== owner);
}

const NAME = '("(?:[^"]|"")*"|[^",=/]*)';
const ITEM = new RegExp(`${NAME}=([\\w*]*)/${NAME}`, "g");

function aclItems(acl: string): AclItem[] {
  return [...acl.matchAll(ITEM)].map(([, grantee, letters, grantor]) => ({
    grantee: unquoted(grantee!),
    letters: letters!,
    grantor: unquoted(grantor!),
  }));
}

/** Names of other than letters, digits and underscores are in quotes. */
function unquoted(name: string): string {
  return name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name;
}
