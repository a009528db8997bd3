/** Parts of a database: tables, rows by a condition, definitions alone; and what changed since the previous backup. */
import { expect, test } from "vitest";
import type { JsonRecord } from "../harness/command.ts";
import { type DatabaseWorld, openDatabaseWorld } from "../harness/database-world.ts";
import { expectFailure } from "../harness/expect-failure.ts";
import { lane } from "../harness/lanes.ts";

const SHOP = `
  CREATE SCHEMA shop;
  CREATE TABLE shop.customer (id int PRIMARY KEY, name text, country text);
  CREATE TABLE shop.purchase (id int PRIMARY KEY, customer int REFERENCES shop.customer, amount int);
  CREATE TABLE shop.line (purchase int REFERENCES shop.purchase, n int, t text, PRIMARY KEY (purchase, n));
  CREATE TABLE audit (at int, what text);
  INSERT INTO shop.customer SELECT n, 'c' || n, CASE n % 2 WHEN 0 THEN 'DE' ELSE 'FR' END FROM generate_series(1, 100) AS n;
  INSERT INTO shop.purchase SELECT n, 1 + n % 100, n FROM generate_series(1, 1000) AS n;
  INSERT INTO shop.line SELECT n / 3, n, 'x' FROM generate_series(3, 3000) AS n;
  INSERT INTO audit SELECT n, 'a' FROM generate_series(1, 50) AS n;`;

lane("a part of a database", [{ postgres: 15 }], () => {
  test("tables by pattern are one series of their own", async () => {
    const lab = await shop("tables");
    const whole = await lab.backup("shop");
    const some = await lab.backup("shop", "--table", "shop.*", "--exclude-table", "shop.line");
    expect(some["snapshot"]).not.toBe(whole["snapshot"]);
    expect(await tables(lab, some)).toEqual(["shop/customer.copy", "shop/purchase.copy"]);
    const again = await lab.backup("shop", "--table", "shop.*", "--exclude-table", "shop.line");
    expect(again["snapshot"]).toBe(some["snapshot"]);
    const { stderr } = await lab.tryBackup("shop", ["--table", "shop.line"]);
    expect(stderr, "a foreign key leaves the selection").toMatch(/warning.*purchase/i);
    expect((await lab.tryBackup("shop", ["--table", "audit"])).stderr).not.toMatch(/warning/i);
  });

  test("rows that refer to rows that are not in the backup come back, and the key is told", async () => {
    const lab = await shop("leaving");
    const { backup } = await lab.backup("shop", "--where", "shop.customer=id <= 10");
    const notValid = `SELECT conname FROM pg_constraint WHERE contype = 'f' AND NOT convalidated`;
    const whole = await lab.tryRestore(backup, "whole");
    expect(whole.code, whole.stderr).toBe(0);
    expect(whole.stderr).toMatch(/warning: .*NOT VALID.*purchase_customer_fkey/);
    expect(await lab.server.psql("whole", notValid)).toBe("purchase_customer_fkey");
    expect(await lab.server.psql("whole", "SELECT count(*) FROM shop.purchase")).toBe("1000");
    const strange = await lab.server.tryPsql("whole", "INSERT INTO shop.purchase VALUES (2000, 11, 1)");
    expect(strange.stderr).toContain("purchase_customer_fkey");
    // What the whole has no use for is not advised.
    const again = await lab.tryRestore(backup, "whole");
    expectFailure(["whole"], again, { exit: 1, code: "EXISTS", names: "shop.customer", next: /--clean/ });
    // Beside rows of today, one table of then.
    await lab.server.psql(
      "shop",
      "DELETE FROM shop.line; DELETE FROM shop.purchase; DELETE FROM shop.customer",
    );
    const part = await lab.tryRestore(`${backup}:shop/purchase`, "shop", ["--rename", "before"]);
    expect(part.code, part.stderr).toBe(0);
    expect(part.stderr).toMatch(/NOT VALID/);
    expect(await lab.server.psql("shop", "SELECT count(*) FROM shop.before")).toBe("1000");
  });

  test("a dry run names the files that a backup would have", async () => {
    const lab = await shop("dry");
    await lab.server.psql("shop", 'CREATE SCHEMA schema; CREATE TABLE schema."a/b" (i int)');
    const names = await tables(lab, await lab.backup("shop", "--table", "schema.*"));
    expect(names).toEqual(["%73chema/a%2fb.copy"]);
    const { stdout } = await lab.tryBackup("shop", ["--dry-run", "--table", "schema.*"]);
    expect(stdout).toContain(`"path":"${names[0]}"`);
  });

  test("a pattern that matches nothing is an error", async () => {
    const lab = await shop("no-table");
    for (const pattern of ["nowhere", "shop.nothing*", "shopx.customer"]) {
      const words = ["--table", pattern];
      const result = await lab.tryBackup("shop", words);
      expectFailure(words, result, {
        exit: 4,
        code: "DATABASE_MISSING",
        names: pattern,
        next: /pattern|table/,
      });
    }
    expect(await lab.listed().catch(() => [])).toEqual([]);
  });

  test("SQL that the server refuses is told before any row is read, with the table that it is for", async () => {
    const lab = await shop("bad-where");
    for (const [sql, said] of [
      ["amount >", "syntax error"],
      ["nowhere = 1", "nowhere"],
      ["INNER JOIN nobody n ON true", "nobody"],
    ] as const) {
      const words = ["--where", `shop.purchase=${sql}`];
      const result = await lab.tryBackup("shop", words);
      expectFailure(words, result, {
        exit: 1,
        code: "DATABASE_FAILED",
        names: said,
        next: /correct the SQL/,
      });
      expect(result.stderr).toContain("--where of shop.purchase");
    }
    expect(await lab.listed().catch(() => [])).toEqual([]);
  });

  test("rows by a condition, in each of its forms", async () => {
    const lab = await shop("where");
    const join =
      "INNER JOIN shop.customer c ON c.id = t.customer INNER JOIN shop.line l ON l.purchase = t.id";
    const forms: [form: string, rows: number][] = [
      ["shop.purchase=amount > 900", 100],
      ["shop.purchase=WHERE amount > 900 AND t.id < 951", 50],
      // Each base row once, although three lines join it, and its own columns alone.
      [`shop.purchase=${join} WHERE c.country = 'DE' AND amount <= 500`, 250],
      ["shop.purchase=false", 0],
    ];
    for (const [form, rows] of forms) {
      const summary = await lab.backup("shop", "--table", "shop.purchase", "--where", form, "--allow-empty");
      const lines = await rowsOf(lab, summary, "shop/purchase.copy");
      expect(lines, form).toHaveLength(rows);
      for (const line of lines) expect(line.split("\t")).toHaveLength(3);
      expect(new Set(lines).size).toBe(rows);
    }
    for (const wrong of [
      "shop.purchase=amount >",
      "shop.purchase=1; DROP TABLE audit",
      "shop.nothing=true",
    ]) {
      const result = await lab.tryBackup("shop", ["--where", wrong]);
      expect(result.code, wrong).not.toBe(0);
      expect(result.stderr).not.toMatch(/^\s+at /m);
    }
    expect(await lab.server.psql("shop", "SELECT count(*) FROM audit")).toBe("50");
  });

  test("definitions alone, rows alone", async () => {
    const lab = await shop("only");
    const definitions = await lab.backup("shop", "--schema-only");
    expect(await tables(lab, definitions)).toEqual([]);
    expect(await lab.restore(definitions["backup"], "empty")).toMatchObject({ type: "summary" });
    expect(await lab.server.psql("empty", "SELECT count(*) FROM shop.purchase")).toBe("0");
    const without = await lab.tryRestore(String(definitions["backup"]), "empty", ["--data-only"]);
    expect([without.code, without.stderr]).toEqual([2, expect.stringMatching(/has definitions only/)]);
    const rows = await lab.backup("shop", "--data-only");
    await lab.restore(rows["backup"], "empty", "--data-only");
    expect(await lab.server.psql("empty", "SELECT count(*), sum(amount) FROM shop.purchase")).toBe(
      "1000|500500",
    );
  });

  test("a chosen partitioned table comes back with its partitions, a chosen partition alone", async () => {
    const lab = await shop("partitioned");
    await lab.server.psql(
      "shop",
      `CREATE TABLE log (id int, t text) PARTITION BY RANGE (id);
       CREATE TABLE log_1 PARTITION OF log FOR VALUES FROM (0) TO (100) PARTITION BY RANGE (id);
       CREATE TABLE log_1a PARTITION OF log_1 FOR VALUES FROM (0) TO (50);
       CREATE TABLE rest PARTITION OF log DEFAULT;
       INSERT INTO log SELECT n, 'x' FROM generate_series(1, 49) AS n;`,
    );
    const relations = (database: string): Promise<string> =>
      lab.server.psql(
        database,
        "SELECT string_agg(relname, ' ' ORDER BY relname) FROM pg_class WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace",
      );
    const whole = await lab.backup("shop", "--table", "log");
    await lab.restore(whole["backup"], "chosen");
    expect(await relations("chosen")).toBe("log log_1 log_1a rest");
    expect(await lab.server.psql("chosen", "SELECT count(*) FROM log")).toBe("49");
    const part = await lab.backup("shop", "--table", "log_1a");
    await lab.restore(part["backup"], "partition");
    expect(await relations("partition")).toBe("log_1a");
    const definitions = await lab.backup("shop", "--schema-only", "--table", "log", "--table", "audit");
    await lab.restore(definitions["backup"], "definitions");
    expect(await relations("definitions")).toBe("audit log log_1 log_1a rest");

    // Under other names, beside those that are there, which are left alone.
    const before = await relations("shop");
    const taken = await lab.tryRestore(`${whole["backup"]}:public/log`, "partition");
    expectFailure(["restore"], taken, { exit: 1, names: "log_1a", next: /--rename|--to-schema/ });
    await lab.restore(`${whole["backup"]}:public/log`, "shop", "--rename", "old");
    expect(await lab.server.psql("shop", "SELECT count(*) FROM old")).toBe("49");
    expect(await relations("shop")).toBe(`${before.replace("rest", "old old_1 old_1a old_rest rest")}`);
    await lab.restore(`${whole["backup"]}:public/log`, "shop", "--to-schema", "beside");
    await lab.server.psql("shop", "TRUNCATE log");
    await lab.restore(`${whole["backup"]}:public/log`, "shop", "--data-only");
    expect(await lab.server.psql("shop", "SELECT count(*) FROM log")).toBe("49");
  });

  test("a materialized view that comes without the rows it reads is not filled, and that is told", async () => {
    const lab = await shop("views");
    await lab.server.psql(
      "shop",
      "CREATE VIEW shop.big AS SELECT * FROM shop.purchase; CREATE MATERIALIZED VIEW shop.total AS SELECT sum(amount) FROM shop.big;",
    );
    await lab.backup("shop");
    await lab.server.createDatabase("beside");
    for (const database of ["beside", "missing"]) {
      const alone = await lab.tryRestore("shop:shop/total", database);
      expect(alone.code, alone.stderr).toBe(0);
      expect(alone.stderr).toMatch(/shop\.total is not filled/);
      const filled = "SELECT relispopulated FROM pg_class WHERE relname = 'total'";
      expect(await lab.server.psql(database, filled)).toBe("f");
    }
    await lab.restore("shop:shop", "beside", "--to-schema", "all");
    expect(await lab.server.psql("beside", 'SELECT * FROM "all".total')).toBe("500500");
  });

  test("rows inserted, updated and deleted are counted", async () => {
    const lab = await shop("changes");
    await lab.backup("shop");
    await lab.server.psql(
      "shop",
      `INSERT INTO shop.purchase SELECT n, 1, 0 FROM generate_series(1001, 1007) AS n;
       UPDATE shop.purchase SET amount = -1 WHERE id IN (5, 500, 999);
       DELETE FROM shop.line WHERE purchase = 10;`,
    );
    const shown = await lab.show((await lab.backup("shop"))["backup"]);
    expect(shown).toMatchObject({
      lsn: expect.stringMatching(/^[0-9A-F]+\/[0-9A-F]+$/),
      snapshotTime: expect.stringMatching(/Z$/),
      tableSeconds: { "shop/purchase.copy": expect.any(Number) },
    });
    expect(shown["rows"]).toEqual({
      "shop/purchase.copy": { inserted: 7, updated: 3, deleted: 0 },
      "shop/line.copy": { inserted: 0, updated: 0, deleted: 3 },
    });
  });

  test("a database that was emptied needs --allow-empty", async () => {
    const lab = await shop("emptied");
    await lab.backup("shop");
    await lab.server.psql("shop", "TRUNCATE shop.customer CASCADE; TRUNCATE audit;");
    const result = await lab.tryBackup("shop");
    expectFailure(["snapshot"], result, { exit: 1, names: "shop", next: /--allow-empty/ });
    expect(await lab.listed()).toHaveLength(1);
    await lab.backup("shop", "--allow-empty");
  });
});

async function shop(label: string): Promise<DatabaseWorld> {
  const lab = await openDatabaseWorld(label);
  await lab.server.createDatabase("shop");
  await lab.server.psql("shop", SHOP);
  return lab;
}

/** Paths of the tables of a backup. */
async function tables(lab: DatabaseWorld, { backup }: JsonRecord): Promise<string[]> {
  const { stdout } = await lab.world.run(["cat", "--store", lab.store, `${backup}:manifest.json`]);
  return (JSON.parse(stdout) as { tables: { path: string }[] }).tables.map(({ path }) => path).sort();
}

async function rowsOf(lab: DatabaseWorld, { backup }: JsonRecord, path: string): Promise<string[]> {
  const { code, stdout, stderr } = await lab.world.run(["cat", "--store", lab.store, `${backup}:${path}`]);
  expect(code, stderr).toBe(0);
  return stdout.split("\n").slice(0, -1);
}
