/** Backups of a PostgreSQL database: the same root with any number of jobs, nothing for nothing, nobody kept waiting, clear refusals. */
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { type JsonRecord, openWorld, type World } from "../harness/command.ts";
import { growDatabase, growRoles } from "../harness/grow-database.ts";
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

const failed = async (words: readonly string[], url = server.url("shop")) => {
  const { code, stdout, stderr } = await world.run(["snapshot", "--store", store, "--json", url, ...words]);
  return { code, error: JSON.parse(stdout.trim().split("\n").at(-1)!) as JsonRecord, stderr };
};

const listed = async (): Promise<number> => {
  const records = await world.records(["ls", "--store", store]);
  return records.filter(({ type }) => type === "backup").length;
};

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

test("nothing is sorted on the server's disk, also for random keys", async () => {
  const { bytes } = JSON.parse(
    await server.psql(
      "shop",
      "SELECT json_build_object('bytes', temp_bytes) FROM pg_stat_database WHERE datname = 'shop'",
    ),
  );
  await snapshot(["--jobs", "3"]);
  const after = await server.psql(
    "shop",
    "SELECT pg_stat_clear_snapshot(), temp_bytes FROM pg_stat_database WHERE datname = 'shop'",
  );
  expect(after.split("|").at(-1)).toBe(String(bytes));
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

test("a lock that is not given up: an error that names who holds it, and nothing listed", async () => {
  const before = await listed();
  const holding = server.psql(
    "shop",
    "BEGIN; LOCK TABLE payment IN ACCESS EXCLUSIVE MODE; SELECT pg_sleep(60)",
    {
      env: { PGAPPNAME: "greedy" },
    },
  );
  holding.catch(() => {});
  const pid = await waitFor("the lock", async () => {
    const sql =
      "SELECT pid FROM pg_stat_activity WHERE application_name = 'greedy' AND wait_event = 'PgSleep'";
    return (await server.psql("postgres", sql)) || undefined;
  });
  const { code, error } = await failed(["--lock-timeout", "1s"]);
  expect({ code, error: error["code"] }).toEqual({ code: 1, error: "DATABASE_BUSY" });
  expect(error["message"]).toMatch(/payment is locked by session \d+ \(.*greedy/);
  await server.psql("postgres", `SELECT pg_terminate_backend(${pid})`);
  await holding.catch(() => {});
  expect(await listed()).toBe(before);
});

test("what may not be read is named before anything is read", async () => {
  await server.psql(
    "shop",
    `CREATE ROLE partly LOGIN PASSWORD 'p'; GRANT SELECT ON payment TO partly; CREATE ROLE reader LOGIN PASSWORD 'r'; GRANT pg_read_all_data TO reader`,
  );
  const partly = server.url("shop", { name: "partly", password: "p" });
  const { code, error } = await failed([], partly);
  expect({ code, error: error["code"] }).toEqual({ code: 1, error: "DATABASE_FORBIDDEN" });
  expect(error["message"]).toMatch(/public\.account, public\.event, public\.log;/);
  const summary = await world.summary(["snapshot", "--store", store, "--table", "payment", partly]);
  expect(summary["path"]).toMatch(/\?table=payment$/);
  await world.summary(["snapshot", "--store", store, server.url("shop", { name: "reader", password: "r" })]);
  await server.psql("shop", "ALTER TABLE payment ENABLE ROW LEVEL SECURITY");
  const hidden = await failed([], server.url("shop", { name: "reader", password: "r" }));
  expect(hidden.error["message"]).toMatch(/row-level security would hide rows of public\.payment/);
  await server.psql("shop", "ALTER TABLE payment DISABLE ROW LEVEL SECURITY");
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

test("bad input: exit codes and messages that say what to do", async () => {
  const unreachable = await failed([], "postgres://127.0.0.1:1/shop");
  expect([unreachable.code, unreachable.error["code"]]).toEqual([1, "DATABASE_UNREACHABLE"]);
  const wrong = await failed([], server.url("shop", { name: "reader", password: "wrong" }));
  expect([wrong.code, wrong.error["code"]]).toEqual([1, "DATABASE_LOGIN"]);
  expect(wrong.stderr + JSON.stringify(wrong.error)).not.toContain("wrong");
  const missing = await failed([], server.url("nowhere"));
  expect([missing.code, missing.error["code"]]).toEqual([4, "DATABASE_MISSING"]);
  const pattern = await failed(["--table", "nothing_*"]);
  expect([pattern.code, pattern.error["message"]]).toEqual([4, "no matching tables were found: nothing_*"]);
  const program = await failed(["--pg-bin", "/nowhere"]);
  expect([program.code, program.error["code"]]).toEqual([1, "PG_PROGRAM_MISSING"]);
  expect(program.error["next"]).toContain("postgresql-client-15");
});

test("a backend or the server killed midway: an error, nothing listed, and the next backup works", async () => {
  const before = await listed();
  for (const kill of ["backend", "server"]) {
    const running = failed([]);
    const pid = await waitFor("rows to be read", async () => {
      const sql =
        "SELECT pid FROM pg_stat_activity WHERE application_name LIKE 'datadb%' AND query LIKE '%COPY%' AND state = 'active' LIMIT 1";
      return (await server.psql("postgres", sql)) || undefined;
    });
    if (kill === "server") await server.killPostmaster();
    else server.killBackend(Number(pid));
    const { code, error } = await running;
    expect([kill, code, error["code"]]).toEqual([kill, 1, "DATABASE_UNREACHABLE"]);
    if (kill === "server") await server.start();
    else await waitFor("recovery", async () => (await server.tryPsql("shop", "SELECT 1")).code === 0);
  }
  expect(await listed()).toBe(before);
  await snapshot([]);
});

test("an emptied database is refused unless that is said to be meant", async () => {
  await server.createDatabase("small");
  await server.psql("small", "CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1)");
  await snapshot([], "small");
  await server.psql("small", "TRUNCATE t");
  const { code, error } = await failed([], server.url("small"));
  expect([code, error["code"]]).toEqual([1, "EMPTY_SOURCE"]);
  await snapshot(["--allow-empty"], "small");
});

test("a database with everything that dumps have lost before has one root, twice", async () => {
  await growRoles(server);
  await growDatabase(server, "lab");
  const first = await snapshot(["--jobs", "1"], "lab");
  const second = await snapshot(["--jobs", "4"], "lab");
  expect(first["entries"].new).toBeGreaterThan(40);
  expect(second["entries"]).toMatchObject({ new: 0, changed: 0 });
  expect(second["bytes"].new).toBe(0);
});
