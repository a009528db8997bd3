/** The manifest is written in one form, read strictly, and no bytes make its reader do anything but throw. */
import fc from "fast-check";
import { expect, test } from "vitest";
import type { PostgresManifest } from "./manifest.ts";
import { readLargeObjects, readManifest, readSequences } from "./read-manifest.ts";
import { tablePath } from "./table-path.ts";
import { writeLargeObjects, writeManifest, writeSequences } from "./write-manifest.ts";

const seed = Number(process.env["DATADB_TEST_SEED"] ?? 1);

const SAMPLE: PostgresManifest = {
  format: 1,
  server: { version: "15.18", versionNumber: 150018, encoding: "UTF8" },
  database: {
    name: "app",
    owner: "ann",
    encoding: "UTF8",
    collate: "C.UTF-8",
    ctype: "C.UTF-8",
    localeProvider: "libc",
    settings: [],
    tablespace: "pg_default",
  },
  selection: null,
  session: { timezone: "UTC" },
  extensions: [{ name: "plpgsql", version: "1.0", schema: "pg_catalog" }],
  roles: ["ann"],
  tablespaces: [],
  collations: [{ name: "de_DE", provider: "icu", version: "153.1" }],
  tables: [
    {
      schema: "public",
      name: "a/b",
      path: "public/a%2fb.copy",
      kind: "table",
      columns: ["id", "x"],
      key: { columns: ["id"], index: "a_pkey" },
      order: "key",
      identityAlways: false,
      rowSecurity: false,
      format: "text",
      filter: "id > 3",
      threshold: 256,
      rows: 2,
      bytes: 10,
      root: "ab".repeat(32),
    },
  ],
  foreignKeys: [{ name: "f", from: ["public", "a/b"], to: ["public", "c"], deferrable: true }],
  materializedViews: [{ schema: "public", name: "m", populated: true }],
  largeObjects: 0,
};

test("what is written is read again, with keys in one order", () => {
  const bytes = writeManifest(SAMPLE);
  expect(readManifest(bytes)).toEqual(SAMPLE);
  const turned = Object.fromEntries(Object.entries(SAMPLE).reverse()) as unknown as PostgresManifest;
  expect(writeManifest(turned)).toEqual(bytes);
  const sequences = [
    { schema: "s", name: "b", last_value: "-9223372036854775808", is_called: true },
    { schema: "s", name: "a", last_value: "1", is_called: false },
  ];
  expect(readSequences(writeSequences(sequences)).map(({ name }) => name)).toEqual(["a", "b"]);
  const objects = [{ oid: 4, owner: "ann", acl: null, comment: "c", bytes: 3 }];
  expect(readLargeObjects(writeLargeObjects(objects))).toEqual(objects);
});

/** SAMPLE with one value set, by the names on the way to it. */
function changed(path: string, value: unknown): Buffer {
  const copy = JSON.parse(writeManifest(SAMPLE).toString());
  const names = path.split(".");
  const last = names.pop()!;
  let at = copy;
  for (const name of names) at = at[name];
  at[last] = value;
  return Buffer.from(JSON.stringify(copy));
}

test.each<[string, Buffer, RegExp]>([
  ["no JSON", Buffer.from("{"), /manifest\.json/],
  ["no UTF-8", Buffer.from([0xff]), /manifest\.json/],
  ["a field too few", changed("roles", undefined), /roles is not a list/],
  ["a wrong type", changed("tables.0.rows", "2"), /tables\[0\]\.rows is not a whole number/],
  ["another path", changed("tables.0.path", "../../etc/passwd"), /tables\[0\]\.path/],
  ["no name", changed("tables.0.root", "zz"), /tables\[0\]\.root/],
  ["three parts of a table's name", changed("foreignKeys.0.to", ["a", "b", "c"]), /foreignKeys\[0\]\.to/],
])("%s is refused by its place", (_what, bytes, message) => {
  expect(() => readManifest(bytes)).toThrow(message);
});

test("a later format is no damage", () => {
  expect(() => readManifest(Buffer.from('{"format":2}'))).toThrow(
    expect.objectContaining({ code: "FORMAT_TOO_NEW", message: expect.stringContaining("format 2") }),
  );
});

test("no change of a manifest's bytes does more than throw an error of the project", () => {
  const bytes = writeManifest(SAMPLE);
  fc.assert(
    fc.property(fc.nat(bytes.length - 1), fc.nat(255), fc.jsonValue(), (at, byte, value) => {
      const copy = Buffer.from(bytes);
      copy[at] = byte;
      for (const input of [copy, bytes.subarray(0, at), Buffer.from(JSON.stringify(value))]) {
        try {
          readManifest(input);
        } catch (error) {
          expect((error as { code: string }).code).toMatch(/^(DAMAGED|FORMAT_TOO_NEW)$/);
        }
      }
    }),
    { seed, numRuns: 300 },
  );
});

test("tables have paths that mean nothing else", () => {
  expect(tablePath("public", "account")).toBe("public/account.copy");
  expect(tablePath("..", "a/b%")).toBe("%2e%2e/a%2fb%25.copy");
  expect(tablePath("schema", "pre-data")).not.toMatch(/^schema\//);
  expect(tablePath("manifest.json", "x")).not.toMatch(/^manifest\.json/);
  fc.assert(
    fc.property(
      fc.string({ minLength: 1 }),
      fc.string({ minLength: 1 }),
      fc.string({ minLength: 1 }),
      (schema, a, b) => {
        const path = tablePath(schema, a);
        expect(path.split("/")).toHaveLength(2);
        if (a !== b) expect(path).not.toBe(tablePath(schema, b));
      },
    ),
    { seed },
  );
});
