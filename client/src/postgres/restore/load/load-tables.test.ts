/** Which tables one connection loads, and which all of them. */
import { expect, test } from "vitest";
import type { TableManifest } from "../../manifest/manifest.ts";
import { keyOf } from "../script/object-name.ts";
import { loadTasks } from "./load-tables.ts";
import { verifyTasks } from "./verify-tables.ts";

const MB = 1 << 20;

const table = (name: string, bytes: number, more: Partial<TableManifest> = {}): TableManifest => ({
  schema: "public",
  name,
  path: `public/${name}.copy`,
  kind: "table",
  columns: ["id"],
  key: { columns: ["id"], index: `${name}_pkey` },
  order: "key",
  identityAlways: false,
  rowSecurity: false,
  format: "text",
  threshold: 64,
  rows: bytes / 64,
  bytes,
  root: "",
  ...more,
});

const request = (jobs: number, tables: readonly TableManifest[]) => ({
  content: async function* () {},
  onBytes() {},
  onTable() {},
  nameOf: ({ schema, name }: TableManifest) => ({ schema, name }),
  digests: new Map(tables.map((one) => [keyOf(one), 0n])),
  sums: new Map(),
  jobs,
  roots: new Map(),
  late: [],
  isBinary: async ({ name }: TableManifest) => name === "binary",
});

/** Names of tables, with a plus for each task that shares its table with others. */
const tasksOf = async (jobs: number, tables: readonly TableManifest[]): Promise<string[]> =>
  (await loadTasks(tables, request(jobs, tables))).map(
    ({ label, shared }) => `${label}${shared ? " +" : ""}`,
  );

test("a table that is larger than its share is loaded by all, where the order of its rows is not needed", async () => {
  const [large, small, tiny] = [table("large", 200 * MB), table("small", 30 * MB), table("tiny", 1000)];
  const three = ["public.large +", "public.large +", "public.large +", "public.small", "public.tiny"];
  expect(await tasksOf(3, [tiny, small, large])).toEqual(three);
  const alone = ["public.large", "public.small", "public.tiny"];
  expect(await tasksOf(1, [tiny, small, large])).toEqual(alone);
  expect(await tasksOf(3, [tiny, small, { ...large, key: null }])).toEqual(alone);
  expect(await tasksOf(3, [tiny, small, { ...large, format: "binary" }])).toEqual(alone);
  const binary = ["public.binary", "public.small", "public.tiny"];
  expect(await tasksOf(3, [tiny, small, { ...large, name: "binary" }])).toEqual(binary);
});

test("tables that keep all connections busy are loaded by one each", async () => {
  const tables = [table("a", 200 * MB), table("b", 200 * MB), table("c", 200 * MB)];
  expect(await tasksOf(2, tables)).toEqual(["public.a", "public.b", "public.c"]);
});

test("a large table is compared in parts where rows can be read by page; small ones together", () => {
  const tables = [table("a", 190 * MB), table("b", 1000), table("c", 1000)];
  const tasks = (version: number, sums = new Map(), jobs = 2): string[][] => {
    const { summed, readBack } = verifyTasks(
      tables,
      { ...request(jobs, tables), sums, manifest: null as never, onWarning() {}, onVerified() {} },
      version,
    );
    return [summed, readBack].map((some) =>
      some.map(({ tables: held }) => held.map((key) => key.split("\0")[1]).join(" ")),
    );
  };
  expect(tasks(150000)).toEqual([[], ["a", "a", "a", "b c"]]);
  expect(tasks(130000)).toEqual([[], ["a", "b c"]]);
  const sums = new Map(tables.slice(0, 1).map((one) => [keyOf(one), null as never]));
  expect(tasks(150000, sums)).toEqual([["a", "a", "a"], ["b c"]]);
  expect(tasks(150000, sums, 4)).toEqual([["a", "a", "a", "a"], ["b c"]]);
});
