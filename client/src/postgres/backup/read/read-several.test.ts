/** Several tables that are read with one message: each has its own rows, up to the first that fails. */
import { EventEmitter } from "node:events";
import { expect, test } from "vitest";
import { slabMemory } from "../../../chunker/slab-memory.ts";
import { SlabPacker } from "../../../ingest/slab-packer.ts";
import type { Session } from "../../connect/session.ts";
import { postgresTarget } from "../../connect/target.ts";
import { readSeveral } from "./read-several.ts";
import { rowScanner } from "./row-scanner.ts";
import type { RowsUnit } from "./rows-unit.ts";

const message = (type: string, text = ""): Buffer => {
  const body = Buffer.from(text, "latin1");
  const header = Buffer.alloc(5);
  header.write(type);
  header.writeUInt32BE(body.length + 4, 1);
  return Buffer.concat([header, body]);
};
const copied = (rows: readonly string[]): Buffer =>
  Buffer.concat([message("H", "\0\0\0"), ...rows.map((row) => message("d", row)), message("c")]);

const target = postgresTarget("postgres://u@h/d", {});
const unit = (path: string, threshold: number): RowsUnit => ({
  target,
  applicationName: "test",
  before: `LOCK ${path}`,
  copy: `COPY ${path}`,
  copyUnsorted: null,
  after: "",
  fields: [0],
  format: "text",
  threshold,
  thresholdBefore: 0,
  previous: null,
  isNew: false,
  start: 0,
  path,
  sums: null,
});

/** Reads `units` from a server that answers one message after another, and says `error` in the end of the last one or that it is ready. */
async function read(
  units: readonly RowsUnit[],
  answer: Buffer | Buffer[],
  error: string | null,
  piece: number,
) {
  const answers = [answer].flat();
  const memory = slabMemory(3);
  let slab = 0;
  const packer = new SlabPacker(memory, "sha256", { acquire: async () => slab++, post() {} });
  const asked: string[] = [];
  const client = {
    query(copy: {
      submit(connection: unknown): void;
      handleReadyForQuery(): void;
      handleError(error: Error): void;
    }) {
      const stream = Object.assign(new EventEmitter(), { pause() {}, resume() {} });
      stream.on("data", (bytes: Buffer) => {
        if (!bytes.includes("Z\0\0\0\x05")) return;
        if (error === null || answers.length > 0) copy.handleReadyForQuery();
        else copy.handleError(Object.assign(new Error(error), { code: "55P03" }));
      });
      copy.submit({ stream, query: (sql: string) => void asked.push(sql) });
      const bytes = answers.shift()!;
      for (let at = 0; at < bytes.length; at += piece) stream.emit("data", bytes.subarray(at, at + piece));
      stream.emit("data", message("Z", "I"));
    },
  };
  const session = async (): Promise<Session> => ({ client }) as unknown as Session;
  const events = { started() {}, part: null, progress() {} };
  const outcomes = await readSeveral(packer, session, units, events, rowScanner(memory));
  return { asked, outcomes };
}

const rows = (from: number, count: number): string[] =>
  Array.from({ length: count }, (_, i) => `${from + i}\trow ${from + i}\n`);

test.each([3, 100, 1 << 16])("each has its own rows, when %i bytes come at a time", async (piece) => {
  const units = [unit("a", 0), unit("b", 4), unit("c", 0), unit("d", 1)];
  const tables = [rows(1, 5), [], rows(100, 1100), rows(7, 3)];
  const { asked, outcomes } = await read(units, Buffer.concat(tables.map(copied)), null, piece);
  expect(asked).toEqual(["LOCK a;\nCOPY a;\nLOCK b;\nCOPY b;\nLOCK c;\nCOPY c;\nLOCK d;\nCOPY d"]);
  expect(outcomes.map((outcome) => outcome.rows)).toEqual([5, 0, 1100, 3]);
  expect(outcomes.map(({ bytes }) => bytes)).toEqual(tables.map((table) => table.join("").length));
  for (const [i, { rest, error }] of outcomes.entries()) {
    expect(error).toBeNull();
    expect(rest.lengths.reduce((sum, length) => sum + length, 0)).toBe(tables[i]!.join("").length);
    const [alone] = (await read([units[i]!], copied(tables[i]!), null, 1 << 16)).outcomes;
    expect(Buffer.from(rest.names).equals(Buffer.from(alone!.rest.names))).toBe(true);
  }
});

test("the first that fails is told, with those before it", async () => {
  const units = [unit("a", 0), unit("b", 0), unit("c", 0)];
  const noLock = await read(units, copied(rows(1, 5)), "no lock", 64);
  expect(noLock.outcomes.map(({ error }) => error?.code ?? null)).toEqual([null, "DATABASE_BUSY"]);
  expect(noLock.outcomes[1]!.error!.message).toContain("reading b");
  const all = Buffer.concat([rows(1, 5), rows(1, 6), rows(1, 7)].map(copied));
  const atEnd = await read(units, all, "no commit", 64);
  expect(atEnd.outcomes.map(({ error }) => error?.fields["table"] ?? null)).toEqual([null, null, "c"]);
});

const lying = (path: string): RowsUnit => ({ ...unit(path, 0), copyUnsorted: `COPY ${path} LYING` });
/** Too much to be sorted. */
const long = [1, 2, 3].map((id) => `${id}\t${"v".repeat(300_000)}\n`);

test("what cannot be sorted comes once more, in the same transaction", async () => {
  const units = [lying("a"), { ...lying("b"), after: "" }, { ...lying("c"), after: "COMMIT" }];
  const tables = [rows(1, 2000).reverse(), long, rows(5, 3)];
  const first = Buffer.concat(tables.map(copied));
  const { asked, outcomes } = await read(units, [first, copied(long)], null, 9000);
  expect(asked).toEqual([
    "LOCK a;\nCOPY a LYING;\nLOCK b;\nCOPY b LYING;\nLOCK c;\nCOPY c LYING",
    "COPY b;\nCOMMIT",
  ]);
  const inOrder = await read(
    [unit("a", 0), unit("b", 0), unit("c", 0)],
    Buffer.concat([rows(1, 2000), long, rows(5, 3)].map(copied)),
    null,
    9000,
  );
  const shown = (all: typeof outcomes) =>
    all.map((one) => ({ ...one, seconds: 0, names: Buffer.from(one.rest.names).toString("hex") }));
  expect(shown(outcomes)).toEqual(shown(inOrder.outcomes));
});

test("what is to be read again when the transaction has failed is left to whoever holds the other lock", async () => {
  const units = [lying("a"), lying("b"), lying("c")];
  const { outcomes } = await read(units, Buffer.concat([rows(1, 2), long].map(copied)), "no lock", 9000);
  expect(outcomes.map(({ error, rows }) => error?.code ?? rows)).toEqual([2, "DATABASE_BUSY"]);
  expect(outcomes[1]!.error!.message).toContain("b is to be read again");
});

test("the last one fails when the transaction cannot be ended", async () => {
  const units = [lying("a"), { ...lying("b"), after: "COMMIT" }];
  const { outcomes } = await read(
    units,
    [Buffer.concat([rows(1, 2), rows(1, 3)].map(copied)), Buffer.alloc(0)],
    "no commit",
    64,
  );
  expect(outcomes.map(({ error, rows }) => error?.fields["table"] ?? rows)).toEqual([2, "b"]);
});

test("the first one is told when there is no session", async () => {
  const packer = new SlabPacker(slabMemory(1), "sha256", { acquire: async () => 0, post() {} });
  const session = () => Promise.reject(Object.assign(new Error("too many clients"), { code: "53300" }));
  const events = { started() {}, part: null, progress() {} };
  const outcomes = await readSeveral(packer, session, [lying("a"), lying("b")], events);
  expect(outcomes.map(({ error }) => error?.message)).toEqual([expect.stringContaining("too many clients")]);
});
