/** Rows that have not changed are not read again, and what is taken for unchanged is what reading everything gives. */
import { expect, test } from "vitest";
import { type DatabaseWorld, openDatabaseWorld } from "../harness/database-world.ts";
import { LONG, lane } from "../harness/lanes.ts";
import { type Random, randomOf, seed } from "../harness/random.ts";

/** What is read of tables that are too small to be asked for, and of rows behind the last chunk. */
const MOST_BYTES = 600_000;
const ROUNDS = LONG ? 60 : 3;

/** Values of every kind, with all that COPY escapes, nulls, the ends of numbers, and characters of several bytes. */
const TYPES = `
  CREATE TYPE mood AS ENUM ('sad', 'happy');
  CREATE DOMAIN short AS varchar(9);
  CREATE TABLE types (
    id bigint PRIMARY KEY, i2 smallint, i4 int NOT NULL, i8 bigint, t text, v varchar(200) NOT NULL, c char(7), b bytea, o bool, n numeric,
    f8 float8, f4 float4, tz timestamptz, ts timestamp, d date, ti time, u uuid, jb jsonb, js json, ip inet, ci cidr, a int[], ta text[],
    iv interval, m money, bt bit(5), x xml, tv tsvector, p point, r int4range, e mood, s short, q "char", k name, reg regclass);
  INSERT INTO types SELECT i * 5000000000 - 4, i % 30000 - 15000, (i * 7919) % 2147483647 - i * 3, (i - 9000) * 5123456789123,
    CASE WHEN i % 5 > 0 THEN E'tab\\tline\\nreturn\\rback\\\\slash\\b\\f\\v' || repeat('x', i % 41) || E'\\\\N' END,
    repeat('zé€😀', i % 30), 'c' || i % 9, CASE WHEN i % 3 > 0 THEN decode(md5(i::text), 'hex') END, CASE i % 3 WHEN 0 THEN i % 2 = 0 END,
    CASE i % 100 WHEN 7 THEN 'NaN' ELSE (i / 7.0)::numeric(30, 12) END, i / 3.0, i / 3.0, timestamptz '2024-02-29 12:34:56.789+02' - i * interval '1.234567 s',
    CASE i % 50 WHEN 0 THEN 'infinity' WHEN 1 THEN timestamp '0044-03-15 BC' ELSE timestamp '1999-12-31 23:59:59.999999' END,
    date '0001-01-01' + i, '12:34:56.7', md5(i::text)::uuid, jsonb_build_object('a', i, 'b', E'\\\\"', 'c', 1.00), '{"x":  1.00}', '10.0.0.1/8', '10.0.0.0/8',
    ARRAY[i, NULL, 2], ARRAY['a"b', NULL, E'\\\\'], interval '1 month 3.5 s' * i, 12.34, B'10101', '<a>b</a>', 'a b:3', point(i, 2.5),
    int4range(1, i + 1), CASE i % 2 WHEN 0 THEN 'sad' ELSE 'happy' END::mood, 'short', 'q', 'name', 'pg_class'
    FROM generate_series(1, 20000) AS i;
  INSERT INTO types (id, i2, i4, i8, t, v) VALUES (-1, -32768, -2147483648, -9223372036854775808, '', ''),
    (-2, 32767, 2147483647, 9223372036854775807, E'\\\\N', 'N'), (-3, -1, -1, 1, E'\\\\', 'é');`;

const SHOP = `
  CREATE TABLE one (id bigint PRIMARY KEY, n int, t text, j jsonb, x numeric);
  INSERT INTO one SELECT i * 3, i % 100, md5(i::text) || repeat('y', i % 300), jsonb_build_object('k', i), i / 7.0 FROM generate_series(1, 60000) AS i;
  CREATE TABLE two (p text, q int, v text, PRIMARY KEY (p, q));
  INSERT INTO two SELECT md5((i % 5000)::text), i, repeat('zé', i % 90) FROM generate_series(1, 80000) AS i;`;

lane("rows that have not changed", [{ postgres: 15 }], () => {
  test("are not read, whatever their types; a change of any value is seen", async () => {
    const lab = await openDatabaseWorld("row-sums");
    await lab.server.createDatabase("shop");
    await lab.server.psql("shop", TYPES);
    const first = await lab.backup("shop");
    expect(first["bytes"].read).toBeGreaterThan(8 << 20);
    const second = await lab.backup("shop");
    expect(second["bytes"].read).toBeLessThan(MOST_BYTES);
    expect(second["entries"]).toMatchObject({ changed: 0 });
    // Values that PostgreSQL holds for equal, that its hashes take for equal, or that are as long as before.
    const changes = [
      "n = n::numeric(30, 13) WHERE id = 10000000000 - 4",
      "i8 = 4294967296 WHERE id = -3",
      "t = NULL WHERE id = -1",
      "jb = jsonb_set(jb, '{c}', '1.000') WHERE id = 10000000000 - 4",
    ];
    for (const change of changes) {
      await lab.server.psql("shop", `UPDATE types SET ${change}`);
      expect((await lab.backup("shop"))["entries"].changed, change).toBeGreaterThan(0);
    }
    // Two rows exchange their values: neither their columns nor their sum of columns tells it.
    await lab.server.psql(
      "shop",
      `UPDATE types AS a SET t = b.t FROM types AS b WHERE a.id IN (10000000000 - 4, 15000000000 - 4)
         AND b.id IN (10000000000 - 4, 15000000000 - 4) AND a.id <> b.id`,
    );
    expect((await lab.backup("shop"))["entries"].changed).toBeGreaterThan(0);
    const long = "INSERT INTO types (id, i4, t, v) VALUES (-9, 1, repeat(E'long\\t', 1200000), '')";
    await lab.server.psql("shop", `ALTER TYPE mood RENAME VALUE 'sad' TO 'glum'; ${long}`);
    await expectAsRead(lab, "shop");
    // The server sums up what it has loaded; a row is too long for that here, so it is all read back.
    const summary = await lab.restore("latest", "copy");
    expect(summary["verified"]).toBe(1);
  });

  test("and random changes give what reading all rows gives", async () => {
    const random = randomOf("row sums");
    const lab = await openDatabaseWorld("row-sums-random");
    await lab.server.createDatabase("shop");
    await lab.server.psql("shop", SHOP);
    await lab.backup("shop", "--jobs", "1");
    let read = 0;
    for (let round = 0; round < ROUNDS; round++) {
      for (const statement of someChanges(random)) await lab.server.psql("shop", statement);
      const { bytes } = await expectAsRead(lab, "shop", `${1 + (round % 3)}`);
      read += bytes.read;
    }
    console.log(`DATADB_TEST_SEED=${seed}: ${ROUNDS} rounds of changes, ${read} bytes read`);
    // The server sums up what was loaded.
    expect((await lab.restore("latest", "copy"))["verified"]).toBe(2);
  });
});

/** A backup, and another one that reads everything, which finds nothing that the first one did not have. */
async function expectAsRead(lab: DatabaseWorld, database: string, jobs = "2") {
  const summary = await lab.backup(database, "--jobs", jobs);
  const all = await lab.backup(database, "--read-all");
  expect(all["entries"]).toMatchObject({ new: 0, changed: 0 });
  expect(all["bytes"].read).toBeGreaterThan(summary["size"] - 100_000);
  return summary as { bytes: { read: number } };
}

function someChanges(random: Random): string[] {
  const number = (below: number): number => random.integer(below);
  const changes = [
    () => `DELETE FROM one WHERE id % ${2000 + number(3000)} = ${number(9)}`,
    () => `DELETE FROM one WHERE id BETWEEN ${number(180_000)} AND ${number(180_000)}`,
    () => `UPDATE one SET n = n + 1, x = x * 1.10 WHERE id % ${20_000 + number(9000)} < 9`,
    () =>
      `INSERT INTO one SELECT ${number(180_000)} + i, i, 'new' FROM generate_series(1, ${number(300)}) AS i ON CONFLICT DO NOTHING`,
    () =>
      `INSERT INTO one SELECT (SELECT COALESCE(max(id), 0) FROM one) + i, i, 'tail', '{}', 1 FROM generate_series(1, ${number(500)}) AS i`,
    () => `DELETE FROM one WHERE id > (SELECT max(id) FROM one) - ${number(9000)}`,
    () => `UPDATE two SET v = v || '!' WHERE q % ${5000 + number(5000)} = ${number(99)}`,
    () =>
      `DELETE FROM two WHERE p < '${number(256).toString(16).padStart(2, "0")}' AND q % ${1 + number(50)} = 0`,
    () => `UPDATE two SET q = q + 1000000 WHERE q % ${5000 + number(5000)} = ${number(99)}`,
    () => "CLUSTER one USING one_pkey",
    () => `ALTER TABLE one ALTER x TYPE numeric(20, ${number(9)})`,
    () => "ALTER TABLE two ALTER v SET NOT NULL",
  ];
  return Array.from({ length: 1 + number(4) }, () => changes[number(changes.length)]!());
}
