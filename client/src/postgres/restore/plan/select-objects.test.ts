/** A table comes with what it needs and nothing else, under the names that were asked for. */
import { expect, test } from "vitest";
import type { PostgresManifest } from "../../manifest/manifest.ts";
import { keyOf, type ObjectName } from "../script/object-name.ts";
import { wantedStatements } from "./filter-statements.ts";
import { newNames, renamed } from "./rename-objects.ts";
import { type Closure, closureOf, wantedByPath } from "./select-objects.ts";
import { withPartitions } from "./with-partitions.ts";
import { withoutMissing } from "./without-missing.ts";

const ALL = {
  noOwner: false,
  noPrivileges: false,
  extensionVersions: new Map<string, string>(),
};
const PRE = wantedStatements(
  `CREATE SCHEMA s; CREATE SCHEMA other; ALTER SCHEMA s OWNER TO ann;
CREATE TYPE s.mood AS ENUM ('s.unused');
CREATE TYPE s.unused AS ENUM ('x');
CREATE FUNCTION s.next_code(s.mood) RETURNS text LANGUAGE sql AS $$ SELECT 1 $$;
CREATE TABLE s.t (id int NOT NULL, m s.mood, code text DEFAULT s.next_code('x'::s.mood));
ALTER TABLE s.t OWNER TO ann;
CREATE SEQUENCE s.t_id_seq; ALTER SEQUENCE s.t_id_seq OWNED BY s.t.id;
ALTER TABLE ONLY s.t ALTER COLUMN id SET DEFAULT nextval('s.t_id_seq'::regclass);
CREATE VIEW s.v AS SELECT t.id FROM s.t;
CREATE TABLE s.u (id int); CREATE TABLE other.p (i int) PARTITION BY LIST (i); CREATE TABLE other.p1 (i int);
ALTER TABLE ONLY other.p ATTACH PARTITION other.p1 FOR VALUES IN (1);`,
  ALL,
);
const POST = wantedStatements(
  `ALTER TABLE ONLY s.t ADD CONSTRAINT t_pkey PRIMARY KEY (id);
CREATE INDEX by_code ON s.t USING btree (code);
ALTER TABLE s.t CLUSTER ON by_code;
COMMENT ON INDEX s.by_code IS 'x';
ALTER TABLE ONLY s.t ADD CONSTRAINT t_u FOREIGN KEY (id) REFERENCES s.u(id);
ALTER PUBLICATION p ADD TABLE ONLY s.t;`,
  ALL,
);
const MANIFEST = { tables: [{ schema: "s", name: "t", path: "s/t.copy" }] } as unknown as PostgresManifest;

function closure(path: string, existing: string[] = []): Closure {
  return closureOf(wantedByPath(path, MANIFEST, PRE), PRE, POST, ({ schema, name }: ObjectName) =>
    existing.includes(`${schema}.${name}`),
  );
}

const made = ({ made: keys }: Closure): string[] => [...keys].map((key) => key.replace("\0", ".")).sort();

test("types, functions in defaults and sequences come along; other tables, views and publications do not", () => {
  const found = closure("s/t.copy");
  expect(made(found)).toEqual(["s.by_code", "s.mood", "s.next_code", "s.t", "s.t_id_seq", "s.t_pkey"]);
  expect(found.postData.map(({ text }) => text)).toEqual(POST.slice(0, 4).map(({ text }) => text));
  expect(found.preData.map(({ text }) => text)).toContain("ALTER SCHEMA s OWNER TO ann");
  expect(found.preData.map(({ text }) => text)).not.toContain("CREATE SCHEMA other");
});

test("a foreign key is taken where its other side is there; what is there is not made again", () => {
  const found = closure("s/t", ["s.u", "s.mood"]);
  expect(found.postData.map(({ kind }) => kind)).toContain("foreign-key");
  expect(made(found)).not.toContain("s.mood");
});

test("a partitioned table comes with its partitions; a partition alone", () => {
  expect(made(closure("other/p"))).toEqual(["other.p", "other.p1"]);
  expect(made(closure("other/p1"))).toEqual(["other.p1"]);
  expect(made(closure("s"))).toContain("s.v");
  expect(() => closure("s/nothing")).toThrow(/there is no table or schema 's\/nothing'/);
});

test("a partition alone comes without the state of triggers that it has from its parent", () => {
  const pre = wantedStatements(
    `CREATE TEXT SEARCH CONFIGURATION s.c (PARSER = pg_catalog."default");
ALTER TEXT SEARCH CONFIGURATION s.c ADD MAPPING FOR word WITH s.dictionary;
CREATE TABLE s.p (i int, trigger text) PARTITION BY LIST (i);
CREATE TABLE s.p1 (i int, trigger text, v tsvector GENERATED ALWAYS AS (to_tsvector('s.c'::regconfig, trigger)) STORED);
ALTER TABLE ONLY s.p ATTACH PARTITION s.p1 FOR VALUES IN (1);
ALTER TABLE ONLY s.p1 ALTER COLUMN trigger SET DEFAULT 'x';`,
    ALL,
  );
  const post = wantedStatements(
    `CREATE TRIGGER "of all" AFTER INSERT ON s.p FOR EACH ROW EXECUTE FUNCTION x.f();
ALTER TABLE s.p1 DISABLE TRIGGER "of all";
CREATE CONSTRAINT TRIGGER own AFTER INSERT ON s.p1 FOR EACH ROW EXECUTE FUNCTION x.f();
ALTER TABLE s.p1 ENABLE ALWAYS TRIGGER own;`,
    ALL,
  );
  const from = (name: string): [number, string[]] => {
    const asked = { keys: withPartitions(new Set([`s\0${name}`]), pre), schema: null };
    const { preData, postData } = closureOf(asked, pre, post, () => false);
    return [preData.length, postData.map(({ text }) => text.slice(0, 30))];
  };
  const texts = post.map(({ text }) => text.slice(0, 30));
  expect(from("p1")).toEqual([4, texts.slice(2)]);
  expect(from("p")).toEqual([6, texts]);
});

test("a new name goes everywhere: indexes, sequences, strings, bare names", () => {
  const found = closure("s/t");
  const names = newNames(
    [...found.preData, ...found.postData],
    new Set([keyOf({ schema: "s", name: "t" })]),
    {
      toSchema: "a b",
      rename: "neu",
    },
  );
  const texts = [...found.preData, ...found.postData].map((statement) => renamed(statement, names));
  expect(texts).toContain(
    `ALTER TABLE ONLY "a b"."neu" ALTER COLUMN id SET DEFAULT nextval('"a b"."neu_id_seq"'::regclass)`,
  );
  expect(texts).toContain(`ALTER SEQUENCE "a b"."neu_id_seq" OWNED BY "a b"."neu".id`);
  expect(texts).toContain(`ALTER TABLE ONLY "a b"."neu" ADD CONSTRAINT "neu_pkey" PRIMARY KEY (id)`);
  expect(texts).toContain(`CREATE INDEX "neu_by_code" ON "a b"."neu" USING btree (code)`);
  expect(texts).toContain(`ALTER TABLE "a b"."neu" CLUSTER ON "neu_by_code"`);
  expect(texts).toContain(`CREATE TYPE s.mood AS ENUM ('s.unused')`);
});

test("a new name of a partitioned table goes to its partitions and what belongs to them, each its own", () => {
  const statements = wantedStatements(
    `CREATE TABLE s.log (i int) PARTITION BY LIST (i); CREATE TABLE s.log_1 (i int) PARTITION BY LIST (i);
CREATE TABLE s.log_1a (i int); CREATE TABLE s.rest (i int); CREATE TABLE s.other (i int);
ALTER TABLE ONLY s.log_1 ATTACH PARTITION s.log_1a FOR VALUES IN (1); ALTER TABLE ONLY s.log ATTACH PARTITION s.log_1 FOR VALUES IN (1);
ALTER TABLE ONLY s.log ATTACH PARTITION s.rest DEFAULT; ALTER TABLE ONLY s.log_1a ADD CONSTRAINT log_1a_pkey PRIMARY KEY (i);`,
    ALL,
  );
  const moved = withPartitions(new Set([keyOf({ schema: "s", name: "log" })]), statements);
  const names = [...newNames(statements, moved, { rename: "old" })].map(([key, { name }]) => [
    key.split("\0")[1],
    name,
  ]);
  expect(Object.fromEntries(names)).toEqual({
    log: "old",
    log_1: "old_1",
    log_1a: "old_1a",
    rest: "old_rest",
    log_1a_pkey: "old_1a_pkey",
  });
});

test("names stay within what the server keeps", () => {
  const long = "é".repeat(31);
  const statements = wantedStatements(`CREATE INDEX i ON s.t USING btree (a);`, ALL);
  const names = newNames(statements, new Set([keyOf({ schema: "s", name: "t" })]), { rename: long });
  const { name } = names.get(keyOf({ schema: "s", name: "i" }))!;
  expect(Buffer.byteLength(name)).toBeLessThanOrEqual(63);
  expect(name).not.toContain("\ufffd");
});

test("what needs tables that were left out of the backup is left out too", () => {
  const pre = wantedStatements(
    `CREATE TABLE s.a (i int); CREATE VIEW s.good AS SELECT * FROM (s.a JOIN pg_catalog.pg_class c ON true);
CREATE VIEW s.bad AS SELECT * FROM s.a JOIN s.gone ON true; CREATE VIEW s.worse AS SELECT * FROM ONLY s.bad;
ALTER VIEW s.worse OWNER TO ann; CREATE VIEW s.called AS SELECT * FROM ext.f(1) x;`,
    ALL,
  );
  const post = wantedStatements(
    `ALTER TABLE ONLY s.a ADD CONSTRAINT f FOREIGN KEY (i) REFERENCES s.gone(i);
ALTER PUBLICATION p ADD TABLE ONLY s.a; ALTER PUBLICATION p ADD TABLE ONLY s.gone;`,
    ALL,
  );
  const [before, after] = withoutMissing(pre, post);
  expect(before.map(({ tokens }) => tokens[4]!.value)).toEqual(["a", "good", "called"]);
  expect(after.map(({ text }) => text)).toEqual(["ALTER PUBLICATION p ADD TABLE ONLY s.a"]);
});
