/** What is read or loaded in COPY's binary format: the text of it is too long, or slow to load. What tables hold is the same. */
import { expect, test } from "vitest";
import { databaseDifferences } from "../harness/compare-databases.ts";
import { openDatabaseWorld } from "../harness/database-world.ts";
import { lane } from "../harness/lanes.ts";
import { seed } from "../harness/random.ts";

const ROWS = 13_000;
/** The row from which on the table `mixed` has values that stay text. */
const ODD = 7000;

/**
 * Types that are read as others are: labels with all that COPY escapes, domains over a domain and over a type that stays text, and one that is made of
 * the server's functions, as citext is.
 */
const TYPES = `
  CREATE TYPE mood AS ENUM ('sad', E'a\\tb''"\\\\ é\\n', '', '\\N');
  CREATE DOMAIN short AS varchar(9); CREATE DOMAIN shorter AS short CHECK (length(VALUE) < 8); CREATE DOMAIN amount AS numeric(20, 3);
  CREATE DOMAIN span AS interval;
  CREATE TYPE own;
  CREATE FUNCTION own_in(cstring) RETURNS own AS 'textin' LANGUAGE internal STRICT IMMUTABLE;
  CREATE FUNCTION own_out(own) RETURNS cstring AS 'textout' LANGUAGE internal STRICT IMMUTABLE;
  CREATE FUNCTION own_receive(internal) RETURNS own AS 'textrecv' LANGUAGE internal STRICT STABLE;
  CREATE TYPE own (INPUT = own_in, OUTPUT = own_out, RECEIVE = own_receive, STORAGE = extended);`;

/** Every type that is made binary. */
const COLUMNS = `id bigint PRIMARY KEY, i2 smallint, i4 int, i8 bigint, o oid, b bool, t text NOT NULL, v varchar(300), c char(12), y bytea, u uuid,
  d date, ti time, tp time(2), ts timestamp, tm timestamp(3), tz timestamptz, n numeric, np numeric(20, 5), j json, jb jsonb,
  f4 float4, f8 float8, k name, e mood, s short, sh shorter, am amount, w own`;

/** Values from end to end of what they can be; of some columns one of nine is null. */
const TABLES = `
  ${TYPES}
  SELECT setseed(${(seed % 1000) / 1000});
  CREATE TABLE pure (${COLUMNS});
  INSERT INTO pure SELECT i, (random() * 65535 - 32768)::int2, (random() * 4294967295 - 2147483648)::int4,
    CASE i % 9 WHEN 1 THEN 9223372036854775807 WHEN 2 THEN -9223372036854775808 WHEN 3 THEN NULL ELSE ((random() - 0.5) * 1.8e19)::int8 END,
    (random() * 4294967295)::int8::oid, CASE i % 9 WHEN 4 THEN NULL ELSE random() < 0.5 END,
    chr(1 + (i % 2000)) || E'\\\\ \\\\N \\t\\n\\r\\b\\f\\v' || repeat('zé€😀', (random() * 90)::int), CASE WHEN i % 9 > 0 THEN repeat(E'\\\\x', (random() * 99)::int) END,
    (random() * 1e6)::int::text, CASE WHEN i % 9 <> 5 THEN decode(repeat(md5(i::text), i % 7), 'hex') END, md5(random()::text)::uuid,
    CASE i % 90 WHEN 1 THEN 'infinity' WHEN 2 THEN '-infinity' WHEN 3 THEN NULL ELSE date '0001-01-01' + (random() * 3652058)::int END,
    time '00:00' + random() * interval '86399 s', time '00:00' + random() * interval '86399 s',
    CASE i % 90 WHEN 1 THEN 'infinity' ELSE timestamp '0001-01-01' + random() * interval '3652058 days' END,
    timestamp '1970-01-01' + random() * interval '99999 days',
    CASE i % 90 WHEN 2 THEN '-infinity' ELSE timestamptz '1969-12-31 23:59:59.999999+00' + (random() - 0.5) * interval '700000 days' END,
    CASE i % 9 WHEN 6 THEN NULL ELSE ((random() - 0.5) * 10::numeric ^ (i % 40))::numeric / 10::numeric ^ (i % 23) END,
    (random() - 0.5) * 1e9, json_build_object('i', i, 'x', 1.50), jsonb_build_object('s', E'"\\\\\\t', 'n', i / 7.0, 'a', array[i, null]),
    CASE i % 90 WHEN 1 THEN '-0' WHEN 2 THEN 'NaN' WHEN 3 THEN '1e-45' WHEN 4 THEN '-Infinity' ELSE (random() - 0.5) * 10::float8 ^ (i % 70 - 35) END,
    CASE i % 90 WHEN 1 THEN '-0' WHEN 2 THEN 'NaN' WHEN 3 THEN '5e-324' WHEN 4 THEN 'Infinity' ELSE (random() - 0.5) * 10::float8 ^ (i % 600 - 300) END,
    'n' || i, CASE WHEN i % 9 <> 7 THEN (enum_range(NULL::mood))[1 + i % 4] END, 's' || i, CASE WHEN i % 9 <> 8 THEN 'd' || i END, random() * 1e9,
    ('Wé\\t' || i)::own
    FROM generate_series(1, ${ROWS}) AS i;
  CREATE TABLE mixed (LIKE pure INCLUDING ALL);
  INSERT INTO mixed SELECT * FROM pure;
  UPDATE mixed SET n = 'NaN' WHERE id >= ${ODD} AND id % 5 = 0;
  UPDATE mixed SET d = '0044-03-15 BC', ts = '294276-12-31 23:59:59.999999', ti = '24:00' WHERE id = ${ODD};
  CREATE TABLE other AS SELECT id, (i4 * interval '1 s')::span AS f, t FROM pure; ALTER TABLE other ADD PRIMARY KEY (id);`;

/** As text, two characters for each byte, they are more than the gigabyte that the server can make. */
const LONG_VALUE_BYTES = 540_000_000;

lane("values whose text is too long", [{ postgres: 15 }], () => {
  test("are read as binary, in another try for which every session is free", async () => {
    const { server, tryBackup, backup, restore } = await openDatabaseWorld("binary-read");
    await server.createDatabase("shop");
    const half = `decode(repeat('07', ${LONG_VALUE_BYTES / 2}), 'hex')`;
    await server.psql(
      "shop",
      `CREATE TABLE long (id int PRIMARY KEY, value bytea); INSERT INTO long VALUES (1, 'a'), (2, ${half}), (3, 'c');
       UPDATE long SET value = value || value WHERE id = 2;
       CREATE TABLE other (id int PRIMARY KEY, t text); INSERT INTO other SELECT i, repeat(md5(i::text), 9) FROM generate_series(1, 200000) AS i;
       VACUUM ANALYZE;`,
    );
    const first = await tryBackup("shop", ["--jobs", "2"]);
    expect(first.code, first.stderr).toBe(0);
    expect(first.stderr).toMatch(/reading public\/long\.copy: .*; reading it again as binary/);
    // From then on it is known.
    expect(await backup("shop")).toMatchObject({ entries: { new: 0, changed: 0 } });
    await restore("shop", "again", "--jobs", "2");
    const content = `SELECT sum(length(value)), sum(hashtext(left(encode(substr(value, length(value) - 99), 'hex'), 9))) FROM long;
      SELECT count(*), sum(hashtextextended(o::text, 0)::numeric) FROM other AS o`;
    expect(await server.psql("again", content)).toBe(await server.psql("shop", content));
  });
});

lane("tables loaded in the binary format", [{ postgres: 15 }], () => {
  test("hold what the backup has, whatever their types and values", async () => {
    const { server, backup, restore, tryRestore } = await openDatabaseWorld("binary-load");
    await server.createDatabase("shop");
    await server.psql("shop", TABLES);
    await backup("shop");
    const restored = await restore("shop", "again");
    expect(restored).toMatchObject({ tables: 3, rows: 3 * ROWS, verified: 3 });
    const [left, right] = [
      { server, database: "shop" },
      { server, database: "again" },
    ];
    expect(await databaseDifferences(left, right)).toEqual([]);

    // Into tables that say by which command a row came: first of all, that it was in binary.
    await server.createDatabase("told");
    await server.psql("told", TYPES);
    for (const [table, columns] of [
      ["pure", COLUMNS],
      ["mixed", COLUMNS],
      ["other", "id bigint PRIMARY KEY, f span, t text"],
    ]) {
      await server.psql("told", `CREATE TABLE ${table} (${columns}, how text DEFAULT current_query())`);
      await restore(`shop:public/${table}`, "told", "--data-only");
    }
    const formats = (table: string): Promise<string> =>
      server.psql(
        "told",
        `SELECT substring(how FROM 'FORMAT (\\w+)'), min(id), max(id) FROM ${table} GROUP BY 1 ORDER BY 2`,
      );
    expect(await formats("pure")).toBe(`binary|1|${ROWS}`);
    expect(await formats("mixed")).toBe(`binary|1|${ODD - 1}\ntext|${ODD}|${ROWS}`);
    expect(await formats("other")).toBe(`text|1|${ROWS}`);
    await server.psql("told", "ALTER TABLE pure DROP how; ALTER TABLE mixed DROP how");
    const same = "SELECT count(*), sum(hashtextextended(t::text, 0)::numeric) FROM";
    for (const table of ["pure", "mixed"])
      expect(await server.psql("told", `${same} ${table} AS t`)).toBe(
        await server.psql("shop", `${same} ${table} AS t`),
      );

    // What a domain does not allow is not let in.
    for (const [rule, said] of [
      ["ADD CHECK (VALUE <> 'd20')", "violates check constraint"],
      ["SET NOT NULL", "does not allow null values"],
    ] as const) {
      const database = `strict ${rule.slice(0, 3)}`;
      await server.createDatabase(database);
      await server.psql(database, `${TYPES} ALTER DOMAIN short ${rule}; CREATE TABLE pure (${COLUMNS});`);
      const { code, stderr } = await tryRestore("shop:public/pure", database, ["--data-only"]);
      expect([code, stderr.includes(said)], stderr).toEqual([1, true]);
    }
  });
});
