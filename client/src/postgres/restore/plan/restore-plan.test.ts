/** What of a backup's definitions runs in order, and what beside each other. */
import { expect, test } from "vitest";
import type { TableManifest } from "../../manifest/manifest.ts";
import { wantedStatements } from "./filter-statements.ts";
import { restorePlan } from "./restore-plan.ts";

const ALL = {
  noOwner: false,
  noPrivileges: false,
  extensionVersions: new Map<string, string>(),
};

function table(name: string, bytes: number): TableManifest {
  return { schema: "s", name, bytes, rows: 1, kind: "table" } as TableManifest;
}

const POST = `
ALTER TABLE ONLY s.big ADD CONSTRAINT big_pkey PRIMARY KEY (id);
ALTER TABLE ONLY s.big ADD CONSTRAINT big_excl EXCLUDE USING gist (a WITH =);
ALTER TABLE ONLY s.small ADD CONSTRAINT small_pkey PRIMARY KEY (id);
ALTER TABLE ONLY s.parent ADD CONSTRAINT parent_pkey PRIMARY KEY (id);
SET default_tablespace = fast;
CREATE INDEX big_a ON s.big USING btree (a);
SET default_tablespace = '';
CREATE INDEX small_a ON s.small USING btree (a);
CREATE INDEX big_late ON s.big USING btree (s.late(a));
ALTER TABLE s.big CLUSTER ON big_pkey;
CREATE FUNCTION s.late(int) RETURNS int LANGUAGE sql RETURN 1;
ALTER TABLE ONLY s.small ADD CONSTRAINT fk FOREIGN KEY (a) REFERENCES s.big(id);
ALTER TABLE ONLY s.big ADD CONSTRAINT self FOREIGN KEY (a) REFERENCES s.big(id);
CREATE EVENT TRIGGER e ON ddl_command_end EXECUTE FUNCTION s.f();
ALTER EVENT TRIGGER e OWNER TO ann;
COMMENT ON EVENT TRIGGER e IS 'on a table';
CREATE PUBLICATION p FOR ALL TABLES;
CREATE SUBSCRIPTION n CONNECTION 'host=h' PUBLICATION p WITH (connect = false);
ALTER SUBSCRIPTION n OWNER TO ann;
COMMENT ON SUBSCRIPTION n IS 'news';`;

test("indexes of large tables run beside each other, those of small ones together", () => {
  const plan = restorePlan([], wantedStatements(POST, ALL), [table("big", 1e9), table("small", 10)]);
  expect(plan.indexes.map(({ statements, shared }) => [shared, ...statements])).toEqual([
    [true, 'CREATE UNIQUE INDEX "big_pkey" ON "s"."big" USING btree (id)'],
    [false, "ALTER TABLE ONLY s.big ADD CONSTRAINT big_excl EXCLUDE USING gist (a WITH =)"],
    [
      true,
      "SET LOCAL default_tablespace = fast",
      "CREATE INDEX big_a ON s.big USING btree (a)",
      "SET LOCAL default_tablespace = ''",
    ],
    [
      false,
      "ALTER TABLE ONLY s.small ADD CONSTRAINT small_pkey PRIMARY KEY (id)",
      "CREATE INDEX small_a ON s.small USING btree (a)",
    ],
  ]);
  expect(plan.after).toEqual([
    'ALTER TABLE ONLY "s"."big" ADD CONSTRAINT "big_pkey" PRIMARY KEY USING INDEX "big_pkey"',
    "ALTER TABLE ONLY s.parent ADD CONSTRAINT parent_pkey PRIMARY KEY (id)",
    "SET default_tablespace = fast",
    "SET default_tablespace = ''",
    "CREATE INDEX big_late ON s.big USING btree (s.late(a))",
    "ALTER TABLE s.big CLUSTER ON big_pkey",
    "CREATE FUNCTION s.late(int) RETURNS int LANGUAGE sql RETURN 1",
    "CREATE PUBLICATION p FOR ALL TABLES",
  ]);
});

test("foreign keys hold both tables; event triggers and subscriptions come last", () => {
  const plan = restorePlan([], wantedStatements(POST, ALL), [table("big", 1e9), table("small", 10)]);
  expect(plan.foreignKeys.map(({ tables }) => tables.map(({ name }) => name))).toEqual([
    ["small", "big"],
    ["big"],
  ]);
  expect(plan.last).toEqual([
    "CREATE EVENT TRIGGER e ON ddl_command_end EXECUTE FUNCTION s.f()",
    "ALTER EVENT TRIGGER e OWNER TO ann",
    "COMMENT ON EVENT TRIGGER e IS 'on a table'",
    "CREATE SUBSCRIPTION n CONNECTION 'host=h' PUBLICATION p WITH (connect = false)",
    "ALTER SUBSCRIPTION n OWNER TO ann",
    "COMMENT ON SUBSCRIPTION n IS 'news'",
  ]);
});

test("foreign keys between small tables go several in one task, those of partitions alone", () => {
  const names = Array.from({ length: 60 }, (_, i) => `t${i}`);
  const key = (from: string, to: string): string =>
    `ALTER TABLE ONLY s.${from} ADD CONSTRAINT fk FOREIGN KEY (a) REFERENCES s.${to}(id);`;
  const post = names.map((name, i) => key(name, names[Math.max(0, i - 1)]!)).join("\n");
  const part = { ...table("part", 10), kind: "partition" } as TableManifest;
  const plan = restorePlan([], wantedStatements(`${key("part", "t0")}\n${post}`, ALL), [
    ...names.map((name) => table(name, 10)),
    part,
  ]);
  const sizes = plan.foreignKeys.map(({ tables, statements }) => [tables.length, statements.length]);
  expect(sizes).toEqual(
    [
      [26, 25],
      [25, 25],
      [2, 1],
      [11, 10],
    ].sort((a, b) => b[0]! - a[0]!),
  );
  expect(plan.foreignKeys.find(({ label }) => label === "s.part")!.tables).toHaveLength(2);
});

test("owners and privileges are left out where they are not wanted", () => {
  const script = `ALTER TABLE s.t OWNER TO ann; SET SESSION AUTHORIZATION ann; GRANT SELECT ON TABLE s.t TO bob; RESET SESSION AUTHORIZATION;
    SET client_encoding = 'UTF8'; CREATE EXTENSION IF NOT EXISTS x WITH SCHEMA s; CREATE TABLE s.t (i int);`;
  const texts = (filter: Partial<typeof ALL>): string[] =>
    wantedStatements(script, { ...ALL, ...filter }).map(({ text }) => text.split(" ").slice(0, 3).join(" "));
  expect(texts({ noOwner: true })).not.toContain("ALTER TABLE s.t");
  expect(texts({ noPrivileges: true })).toEqual([
    "ALTER TABLE s.t",
    "CREATE EXTENSION IF",
    "CREATE TABLE s.t",
  ]);
  const [extension] = wantedStatements(script, { ...ALL, extensionVersions: new Map([["x", "1.2"]]) }).filter(
    ({ kind }) => kind === "extension",
  );
  expect(extension!.text).toBe("CREATE EXTENSION IF NOT EXISTS x WITH SCHEMA s VERSION '1.2'");
});
