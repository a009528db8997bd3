/** What is left of a script gives the same closure as all of it, whichever table is wanted. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { keyOf, type ObjectName } from "../script/object-name.ts";
import { wantedStatements } from "./filter-statements.ts";
import { narrowScripts } from "./narrow-scripts.ts";
import { closureOf } from "./select-objects.ts";
import { withPartitions } from "./with-partitions.ts";

const seed = Number(process.env["DATADB_TEST_SEED"] ?? 1);
const ALL = {
  noOwner: false,
  noPrivileges: false,
  extensionVersions: new Map<string, string>(),
};

/** Names of which some are parts of others, and some have to be quoted. */
const NAMES = ["t", "t1", "t10", '"T ""x"" ;"', '"o\'brien"', "a_t", "tt"];
const sql = fc.constantFrom(...NAMES);
const text = (name: string): string => name.replaceAll("'", "''");
/** What a database of many tables may have, each with other names in it. */
const PRE = [
  fc
    .tuple(sql, sql)
    .map(
      ([a, b]) =>
        `SET SESSION AUTHORIZATION ${a}; GRANT SELECT ON TABLE s.${b} TO x; RESET SESSION AUTHORIZATION;`,
    ),
  sql.map((a) => `SET default_tablespace = ${a};`),
  fc.tuple(sql, sql).map(([a, b]) => `CREATE TABLE s.${a} (id int, x s.${b});`),
  fc.tuple(sql, sql).map(([a, b]) => `CREATE TYPE s.${a}_y AS (x s.${b}_y);`),
  sql.map((a) => `CREATE TABLE s.${a} (id int DEFAULT nextval('s.${text(a)}'::regclass));`),
  fc.tuple(sql, sql).map(([a, b]) => `CREATE SEQUENCE s.${a}; ALTER SEQUENCE s.${a} OWNED BY s.${b}.id;`),
  fc.tuple(sql, sql).map(([a, b]) => `CREATE VIEW s.${a} AS SELECT * FROM s.${b};`),
  fc.tuple(sql, sql).map(([a, b]) => `ALTER TABLE ONLY s.${a} ATTACH PARTITION s.${b} DEFAULT;`),
  fc.tuple(sql, sql).map(([a, b]) => `CREATE FUNCTION s.${a}(s.${b}) RETURNS int AS $$ ; ' $$;`),
  sql.map((a) => `ALTER TABLE s.${a} OWNER TO ann; GRANT SELECT ON TABLE s.${a} TO bob;`),
  fc.constantFrom("CREATE SCHEMA s;", "CREATE EXTENSION x WITH SCHEMA s;", "COMMENT ON SCHEMA s IS 't';"),
];
const POST = [
  fc.tuple(sql, sql).map(([a, b]) => `CREATE INDEX ${a} ON s.${b} USING btree (id);`),
  sql.map((a) => `SET default_tablespace = ${a};`),
  fc.tuple(sql, sql).map(([a, b]) => `ALTER INDEX s.${a} ATTACH PARTITION s.${b};`),
  fc.tuple(sql, sql).map(([a, b]) => `ALTER TABLE ONLY s.${a} ADD CONSTRAINT ${b} PRIMARY KEY (id);`),
  fc
    .tuple(sql, sql)
    .map(([a, b]) => `ALTER TABLE ONLY s.${a} ADD CONSTRAINT k FOREIGN KEY (id) REFERENCES s.${b}(id);`),
  fc
    .tuple(sql, sql)
    .map(([a, b]) => `CREATE TRIGGER ${a} BEFORE INSERT ON s.${b} EXECUTE FUNCTION s.${a}();`),
  sql.map((a) => `COMMENT ON INDEX s.${a} IS 'x';`),
];
const OTHERS = Array.from({ length: 60 }, (_, i) => `CREATE TABLE other.u${i} (id int);`).join("\n");

test("property: the same statements are taken, the same objects made", () => {
  let narrowed = 0;
  fc.assert(
    fc.property(
      fc.array(fc.oneof(...PRE), { maxLength: 12 }),
      fc.array(fc.oneof(...POST), { maxLength: 8 }),
      fc.constantFrom("t", "t10", 'T "x" ;', "o'brien"),
      fc.subarray(["t1", "a_t", "tt", 'T "x" ;']),
      (pre, post, name, existing) => {
        const exists = (one: ObjectName): boolean => one.schema === "s" && existing.includes(one.name);
        const wanted = new Set([keyOf({ schema: "s", name })]);
        const closure = (scripts: { preData: string; postData: string }) => {
          const before = wantedStatements(scripts.preData, ALL);
          const after = wantedStatements(scripts.postData, ALL);
          const keys = withPartitions(wanted, before);
          const { preData, postData, made, unknown } = closureOf(
            { keys, schema: null },
            before,
            after,
            exists,
          );
          const texts = [...preData, ...postData].map((one) => one.text);
          return { texts, made: [...made].sort(), unknown: unknown.map(keyOf).sort() };
        };
        const scripts = { preData: `${pre.join("\n")}\n${OTHERS}`, postData: post.join("\n") };
        const narrow = narrowScripts(scripts, wanted, ALL, exists);
        if (narrow !== scripts) narrowed++;
        expect(closure(narrow)).toEqual(closure(scripts));
      },
    ),
    { seed, numRuns: 400 },
  );
  expect(narrowed).toBeGreaterThan(20);
});
