/** The database of the fixtures grows, and the comparison sees what changes in it. */
import { expect, test } from "vitest";
import { databaseDifferences, dumpOf } from "./compare-databases.ts";
import { growDatabase, growRoles } from "./grow-database.ts";
import { lane } from "./lanes.ts";
import { startPostgres } from "./postgres.ts";

const CHANGES: readonly [statement: string, seen: RegExp][] = [
  ["UPDATE shapes.heap SET t = 'y' WHERE ctid = '(0,1)'", /COPY.*heap.*only right: 1\ty/],
  ["DELETE FROM shapes.heap WHERE ctid = '(0,2)'", /COPY.*heap.*only left/],
  ["SELECT nextval('shapes.owned')", /setval.*owned/],
  ["SELECT lo_put(4242, 1, 'x')", /other: only right/],
  ["COMMENT ON SCHEMA objects IS 'other'", /schema: only right: COMMENT/],
  ["ALTER TABLE objects.account DISABLE ROW LEVEL SECURITY", /only left: ALTER.*ROW LEVEL SECURITY/],
  ["REFRESH MATERIALIZED VIEW objects.unfilled", /only left: materialized view .*unfilled.*: not filled/],
];

lane("the awkward database", [{ postgres: 15 }], () => {
  test("grows, and its copy differs by what is changed and nothing else", async () => {
    const server = await startPostgres();
    await growRoles(server);
    await growDatabase(server, "lab one");
    await growDatabase(server, "lab two");
    const [one, two] = [
      { server, database: "lab one" },
      { server, database: "lab two" },
    ];
    expect(await databaseDifferences(one, two)).toEqual([]);
    const { tables, rest } = await dumpOf(one);
    expect(tables.size).toBeGreaterThan(50);
    expect(rest.filter((line) => line.includes("setval")).length).toBe(12);
    for (const [statement] of CHANGES)
      await server.psql("lab two", `SET default_transaction_read_only = off;\n${statement};`);
    const lines = await databaseDifferences(one, two);
    for (const [, seen] of CHANGES)
      expect(
        lines.filter((line) => seen.test(line)),
        `${seen}: ${lines.join("\n")}`,
      ).not.toEqual([]);
  });
});
