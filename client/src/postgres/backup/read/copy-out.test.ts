/** A COPY that is cut off leaves where its rows went to whoever reads next. */
import { EventEmitter } from "node:events";
import type pg from "pg";
import { expect, test } from "vitest";
import { slabMemory } from "../../../chunker/slab-memory.ts";
import { type SlabBatch, SlabPacker } from "../../../ingest/slab-packer.ts";
import { copyOut } from "./copy-out.ts";
import { keyHash } from "./key-hash.ts";
import { RowCutter } from "./row-cutter.ts";

const message = (type: string, body: Buffer = Buffer.alloc(0)): Buffer => {
  const header = Buffer.alloc(5);
  header.write(type);
  header.writeUInt32BE(body.length + 4, 1);
  return Buffer.concat([header, body]);
};
const HEAD = message("H", Buffer.alloc(3));
const TAIL = [message("c"), message("Z", Buffer.from("I"))];
const rowsOf = (letter: string, lengths: readonly number[]): Buffer[] =>
  lengths.map((length, i) => Buffer.from(`${`${i}\t`.padEnd(length - 1, letter)}\n`));
const copied = (rows: readonly Buffer[]): Buffer[] => rows.map((row) => message("d", row));
const tick = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 5));

/** A session that says what it is told to. */
function fakeSession() {
  const stream = Object.assign(new EventEmitter(), { pause() {}, resume() {}, destroy() {} });
  let lose: (error: Error) => void = () => {};
  const client = {
    query(copy: {
      submit(connection: unknown): void;
      handleReadyForQuery(): void;
      handleError(error: Error): void;
    }) {
      lose = (error) => copy.handleError(error);
      stream.on("data", (part: Buffer) => {
        if (part.toString("latin1").endsWith("I")) copy.handleReadyForQuery();
      });
      copy.submit({ stream, query() {} });
    },
  };
  return {
    client: client as unknown as pg.Client,
    say: (parts: readonly Buffer[]) => stream.emit("data", Buffer.concat(parts)),
    lose: () => lose(new Error("Connection terminated")),
  };
}

/** A packer whose slabs come when they are given, and what it has posted, by name. */
function slowPacker() {
  const memory = slabMemory(8);
  const waiting: ((slab: number) => void)[] = [];
  const contents = new Map<string, Buffer>();
  let given = 0;
  let slabs = 1;
  const give = (): void => {
    for (; slabs > 0 && waiting.length > 0; slabs--) waiting.shift()!(given++);
  };
  const packer: SlabPacker = new SlabPacker(memory, "sha256", {
    acquire: () =>
      new Promise((resolve) => {
        waiting.push(resolve);
        give();
      }),
    post({ ranges, names }: SlabBatch) {
      for (let i = 0; i < ranges.length / 2; i++) {
        const name = Buffer.from(names.subarray(i * 32, i * 32 + 32)).toString("hex");
        const at = ranges[i * 2]!;
        contents.set(name, Buffer.from(packer.view.subarray(at, at + ranges[i * 2 + 1]!)));
      }
    },
  });
  const more = (count: number): void => {
    slabs += count;
    give();
  };
  return { packer, contents, waiting, more };
}

/** A threshold of 0 is decided from the rows: long ones in front are held until then. */
test.each([
  ["rows are held", 0, [...Array<number>(7).fill(300_000), ...Array<number>(300).fill(900)]],
  ["a row has begun", 1, Array<number>(9).fill(400_000)],
])("while it waits for a slab and %s", async (_, threshold, lengths) => {
  const { packer, contents, waiting, more } = slowPacker();
  const cutter = (decided: number): RowCutter => new RowCutter(packer, keyHash([0], "text"), decided);
  const lost = fakeSession();
  const reading = copyOut(lost.client, { sql: "COPY", sink: cutter(threshold) });
  // The first slab is partly full: from another table, as it were.
  const before = fakeSession();
  const first = cutter(1);
  const done = copyOut(before.client, { sql: "COPY", sink: first });
  before.say([HEAD, ...copied(rowsOf("f", Array<number>(7).fill(500_000))), ...TAIL]);
  await tick();
  await done;
  first.finish();

  lost.say([HEAD, ...copied(rowsOf("a", lengths)), message("c")]);
  await tick();
  expect(waiting).toHaveLength(1);
  lost.lose();
  await expect(reading).rejects.toThrow("terminated");
  packer.flush();
  const posted = contents.size;

  const next = fakeSession();
  const sink = cutter(4);
  const again = copyOut(next.client, { sql: "COPY", sink });
  const rows = rowsOf(
    "b",
    Array.from({ length: 6000 }, (_length, i) => 100 + ((i * 13) % 400)),
  );
  next.say([HEAD, ...copied(rows.slice(0, 500))]);
  await tick();
  more(100);
  await tick();
  next.say([...copied(rows.slice(500)), ...TAIL]);
  await again;
  sink.finish();
  packer.flush();
  const chunks = sink.takeRun().names.map((name) => contents.get(name.toString("hex"))!);
  expect(Buffer.concat(chunks).equals(Buffer.concat(rows))).toBe(true);
  const foreign = [...contents.values()].slice(posted).filter((chunk) => chunk.includes("aaa"));
  expect(foreign).toHaveLength(0);
});
