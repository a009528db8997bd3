/** The examples of the documents that need a database: a block of `js postgres` runs and prints what the block after "prints" says. */
import { execFileSync } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { lane } from "../harness/lanes.ts";
import { type Postgres, startPostgres } from "../harness/postgres.ts";
import { scratch } from "../harness/scratch.ts";
import { FILES, read } from "../house/repository.ts";

const ROOT = resolve(import.meta.dirname, "../../..");
/** Within the repository, so that packages are found by their names. */
const PLACE = join(ROOT, ".cache/examples");
const EXAMPLE = /^```js postgres\n([\s\S]*?)^```\n\nprints\n\n```\n([\s\S]*?)^```$/gm;

const examples = FILES.filter((path) => path.endsWith(".md")).flatMap((path) =>
  [...read(path).matchAll(EXAMPLE)].map(([, code = "", printed = ""]) => ({ path, code, printed })),
);

const SHOP = `
CREATE TABLE customer (id int PRIMARY KEY, name text NOT NULL);
CREATE TABLE orders (id int PRIMARY KEY, customer int NOT NULL REFERENCES customer, at date NOT NULL);
CREATE TABLE order_lines (orders int REFERENCES orders, line int, article text, PRIMARY KEY (orders, line));
INSERT INTO customer SELECT i, 'customer ' || i FROM generate_series(1, 10) AS i;
INSERT INTO orders SELECT i, 1 + i % 10, '2026-01-01' FROM generate_series(1, 1000) AS i;
INSERT INTO order_lines SELECT i, k, 'article ' || k FROM generate_series(1, 1000) AS i, generate_series(1, 9) AS k;`;

lane("examples with a database", [{ postgres: 15 }], () => {
  let server: Postgres;
  beforeAll(async () => {
    server = await startPostgres();
    await server.createDatabase("shop");
    await server.psql("shop", SHOP);
  });

  test("there are examples", () => {
    expect(examples.length).toBeGreaterThanOrEqual(2);
  });

  test.each(examples)("the example in $path", ({ code, printed }) => {
    mkdirSync(PLACE, { recursive: true });
    const directory = scratch("example");
    const file = join(PLACE, `postgres-${process.pid}.mjs`);
    writeFileSync(file, code.replaceAll("/srv/", `${directory}/`));
    try {
      const env = {
        ...process.env,
        ...server.env,
        PATH: `${server.bin}:${process.env["PATH"]}`,
        HOME: directory,
        XDG_RUNTIME_DIR: directory,
      };
      const words = ["--conditions=source", file];
      expect(execFileSync(process.execPath, words, { cwd: ROOT, env, encoding: "utf8" })).toBe(printed);
    } finally {
      rmSync(file);
    }
  });
});
