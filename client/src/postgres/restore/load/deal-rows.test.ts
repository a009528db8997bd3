/** Readers of one stream get every row once, whole and nearly in order; a stream that fails fails for all of them. */
import { setImmediate } from "node:timers/promises";
import { expect, test } from "vitest";
import { type ContentPiece, pieceOf, takeAll } from "../../../cat/content-piece.ts";
import { dealRows } from "./deal-rows.ts";

const BYTES = 1 << 20;

/** A megabyte of rows, each with its number. */
function part(first: number): Buffer {
  const lines: string[] = [];
  for (let bytes = 0, row = first; bytes < BYTES; row++) {
    const line = `${row}\t${"x".repeat(500)}\n`;
    lines.push(line);
    bytes += line.length;
  }
  return Buffer.from(lines.join(""));
}

async function* parts(count: number, cut: number): AsyncGenerator<ContentPiece> {
  const all = Buffer.concat(Array.from({ length: count }, (_, i) => part(i * 1e6)));
  for (let at = 0; at < all.length; at += cut) yield pieceOf(all.subarray(at, at + cut));
}

async function read(reader: AsyncGenerator<ContentPiece>, log: number[]): Promise<string> {
  let text = "";
  for await (const bytes of takeAll(reader)) {
    text += bytes.toString();
    log.push(bytes.length);
    await setImmediate();
  }
  return text;
}

test("each row comes once, and no row in two pieces to two readers", async () => {
  const whole: Buffer[] = [];
  for await (const bytes of takeAll(parts(20, 70_001))) whole.push(bytes);
  const reader = dealRows(parts(20, 70_001));
  const logs: number[][] = [[], [], []];
  const texts = await Promise.all(logs.map((log) => read(reader(), log)));
  for (const text of texts) expect(text === "" || text.endsWith("\n")).toBe(true);
  expect(texts.filter((text) => text !== "").length).toBeGreaterThan(1);
  const sorted = (text: string): string[] => text.split("\n").sort();
  expect(sorted(texts.join(""))).toEqual(sorted(Buffer.concat(whole).toString()));
});

test("one reader alone gets the stream as it is; a failure reaches each reader", async () => {
  const alone = await read(dealRows(parts(6, 65_536))(), []);
  const whole: Buffer[] = [];
  for await (const bytes of takeAll(parts(6, 65_536))) whole.push(bytes);
  expect(alone === Buffer.concat(whole).toString()).toBe(true);

  async function* broken(): AsyncGenerator<ContentPiece> {
    yield* parts(1, 65_536);
    throw new Error("the store is gone");
  }
  const reader = dealRows(broken());
  for (const one of [reader(), reader()]) await expect(read(one, [])).rejects.toThrow("the store is gone");
});
