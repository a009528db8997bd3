/** Settings of the backed-up database become those of the restored one. */
import { expect, test } from "vitest";
import { splitAcl } from "./acl-grants.ts";
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

test("privileges fall apart at commas that are in no name", () => {
  expect(splitAcl(`=Tc/ann,"b, ""c"=C*/ann,ann=CTc/ann`)).toEqual([
    "=Tc/ann",
    `"b, ""c"=C*/ann`,
    "ann=CTc/ann",
  ]);
  expect(splitAcl("")).toEqual([]);
});
