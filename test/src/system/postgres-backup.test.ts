/** Large tables of a PostgreSQL database, read in ranges: the same root with any number of jobs, little for little, nobody kept waiting. */
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { type JsonRecord, openWorld, type World } from "../harness/command.ts";
import { type Postgres, startPostgres } from "../harness/postgres.ts";
import { scratch } from "../harness/scratch.ts";
import { waitFor } from "../harness/wait-for.ts";

let server: Postgres;
let world: World;
let store: string;

beforeAll(async () => {
  server = await startPostgres();
  const directory = scratch("postgres-backup");
  world = openWorld(directory);
  store = join(directory, "store");
  await server.createDatabase("shop");
  await server.psql(
    "shop",
    `CREATE TABLE account (id bigint PRIMARY KEY, owner text, balance int);
     INSERT INTO account SELECT i, 'owner ' || i || repeat('x', 150), 100 FROM generate_series(1, 200000) i;
     CREATE TABLE event (id uuid PRIMARY KEY, what text);
     INSERT INTO event SELECT md5(i::text)::uuid, repeat(md5(i::text), 9) FROM generate_series(1, 40000) i;
     CREATE TABLE log (line text); INSERT INTO log SELECT md5(i::text) || repeat('y', 200) FROM generate_series(1, 150000) i;
     CREATE TABLE payment (id int PRIMARY KEY, account bigint REFERENCES account);
     INSERT INTO payment SELECT i, i FROM generate_series(1, 1000) i;
     VACUUM ANALYZE;`,
  );
}, 300_000);

const snapshot = (words: readonly string[], database = "shop"): Promise<JsonRecord> =>
  world.summary(["snapshot", "--store", store, server.url(database), ...words]);

test("the root is the same for every number of jobs, and an unchanged database adds nothing", async () => {
  const first = await snapshot(["--jobs", "1"]);
  expect(first["bytes"].new).toBeGreaterThan(50 << 20);
  await server.psql(
    "shop",
    "ANALYZE; CLUSTER account USING account_pkey; VACUUM FULL event; REINDEX TABLE event;",
  );
  // That a table is clustered is a part of its definition.
  const clustered = await snapshot(["--jobs", "2"]);
  expect(clustered["entries"]).toMatchObject({ new: 0 });
  expect(clustered["bytes"].stored).toBeLessThan(16 << 10);
  const roots = [];
  for (const jobs of ["1", "2", "4"]) {
    const again = await snapshot(["--jobs", jobs]);
    expect(again["bytes"]).toMatchObject({ new: 0, stored: 0 });
    expect(again["entries"]).toMatchObject({ new: 0, changed: 0 });
    roots.push((await world.records(["show", "--store", store, again["backup"]]))[0]!["ref"]);
  }
  expect(new Set(roots).size).toBe(1);
});

test("what definitions and large objects hold was read, too", async () => {
  await server.createDatabase("objects");
  await server.psql("objects", "SELECT lo_from_bytea(0, repeat('x', 3000000)::bytea)");
  const { bytes, size } = await snapshot([], "objects");
  // Sequences and manifest are made, but they come from the server as well.
  expect(bytes.read).toBe(size);
  expect(bytes.new).toBeLessThanOrEqual(bytes.read);
});

test("a changed row costs a delta, and is counted", async () => {
  await server.psql(
    "shop",
    `UPDATE account SET balance = balance + 1 WHERE id % 40000 = 7; DELETE FROM account WHERE id % 100000 = 50009;
     INSERT INTO account SELECT i, 'new', 0 FROM generate_series(300001, 300020) i`,
  );
  const summary = await snapshot([]);
  expect(summary["entries"]).toMatchObject({ new: 0, changed: 2 });
  expect(summary["bytes"].stored).toBeLessThan(16 << 10);
  const [shown] = await world.records(["show", "--store", store, summary["backup"]]);
  expect(shown!["rows"]).toEqual({ "public/account.copy": { inserted: 20, updated: 5, deleted: 2 } });
});

test("a queued ALTER TABLE waits only while its own table is read", async () => {
  const words = ["snapshot", "--store", store, "--jobs", "2", "--json", server.url("shop")];
  const running = world.run(words);
  await waitFor("rows to be read", async () => {
    const sql =
      "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'datadb%' AND query LIKE '%COPY%' AND state = 'active'";
    return (await server.psql("postgres", sql)) !== "0";
  });
  // One that was read, one that is not yet: neither waits for the others.
  const ends: string[] = [];
  const tables = ["payment", "log", "event", "account"];
  await Promise.all([
    running.then(() => ends.push("backup")),
    ...tables.map(async (table) => {
      await server.psql("shop", `ALTER TABLE ${table} ADD COLUMN later int`);
      ends.push(table);
    }),
  ]);
  const { code, stdout } = await running;
  expect(code, stdout).toBe(0);
  expect(ends.indexOf("payment")).toBeLessThan(ends.indexOf("backup"));
  // What was locked before is in the backup as it was.
  const manifest = await world.run(["cat", "--store", store, "shop:manifest.json"]);
  expect(manifest.stdout).not.toContain('"later"');
});

test("rows chosen by a condition or a join come once each, and keys that lead out are told", async () => {
  const where =
    "payment=INNER JOIN account a ON a.id = t.account AND a.id < 11 CROSS JOIN generate_series(1, 3) g WHERE a.balance > 0";
  const words = [
    "snapshot",
    "--store",
    store,
    "--table",
    "payment",
    "--where",
    where,
    server.url("shop"),
    "--name",
    "few",
  ];
  const { code, stderr } = await world.run(words);
  expect(code, stderr).toBe(0);
  expect(stderr).toMatch(/public\.payment refers to public\.account/);
  const rows = (await world.run(["cat", "--store", store, "few:public/payment.copy"])).stdout
    .trim()
    .split("\n");
  expect(rows.map((row) => row.split("\t")[0])).toEqual(["1", "2", "3", "4", "5", "6", "7", "8", "9", "10"]);
});
