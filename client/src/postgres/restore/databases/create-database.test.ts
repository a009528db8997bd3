/** Settings of the backed-up database become those of the restored one. */
import { expect, test } from "vitest";
import { aclStatements, rolesOfAcl } from "../plan/acl-statements.ts";
import { forDatabase, rolesOfSettings } from "./create-database.ts";
import { temporaryName } from "./temporary-name.ts";

test("only the database's name is exchanged", () => {
  expect(forDatabase(`ALTER DATABASE "old ""db""" SET search_path TO 'DATABASE x', "y";`, "new")).toBe(
    `ALTER DATABASE "new" SET search_path TO 'DATABASE x', "y"`,
  );
  const role = `ALTER ROLE "database" IN DATABASE old SET work_mem TO '5MB'`;
  expect(forDatabase(role, "n")).toBe(`ALTER ROLE "database" IN DATABASE "n" SET work_mem TO '5MB'`);
  expect(rolesOfSettings([role, "ALTER DATABASE x SET a TO b"])).toEqual(["database"]);
});

test("temporary names fit, differ by database and role, and stay the same", () => {
  const long = "x".repeat(63);
  expect(temporaryName(long, "new").length).toBeLessThanOrEqual(63);
  expect(temporaryName("a", "new")).not.toBe(temporaryName("b", "new"));
  expect(temporaryName("a", "new")).not.toBe(temporaryName("a", "kept"));
  expect(temporaryName("app", "new")).toBe("datadb_restoring_a172cedcae47");
});

const ACL = `=Tc/ann,"b, ""c"=C*/ann,ann=CTc/ann,d_1=C/"b, ""c"`;

test("privileges are granted again, by those who granted them where that can be", () => {
  const given = [
    'GRANT TEMPORARY ON DATABASE "x" TO PUBLIC',
    'GRANT CONNECT ON DATABASE "x" TO PUBLIC',
    'GRANT CREATE ON DATABASE "x" TO "b, ""c" WITH GRANT OPTION',
  ];
  const owned = ["CREATE", "TEMPORARY", "CONNECT"].map((word) => `GRANT ${word} ON DATABASE "x" TO "ann"`);
  const revoked = ['REVOKE ALL ON DATABASE "x" FROM PUBLIC', 'REVOKE ALL ON DATABASE "x" FROM "ann"'];
  const last = 'GRANT CREATE ON DATABASE "x" TO "d_1"';
  const options = { owner: "ann", noOwner: false, asGrantor: false };
  expect(aclStatements(ACL, 'DATABASE "x"', options)).toEqual([...revoked, ...given, ...owned, last]);
  expect(aclStatements(ACL, 'DATABASE "x"', { ...options, asGrantor: true })).toEqual([
    ...[...revoked, ...given, ...owned],
    'SET SESSION AUTHORIZATION "b, ""c"',
    last,
    "RESET SESSION AUTHORIZATION",
  ]);
  expect(aclStatements(ACL, 'DATABASE "x"', { ...options, noOwner: true })).toEqual([
    revoked[0],
    ...given,
    last,
  ]);
  expect(aclStatements("", 'DATABASE "x"', options)).toEqual(revoked);
  expect(rolesOfAcl(ACL, "ann")).toEqual(['b, "c', "d_1"]);
});
